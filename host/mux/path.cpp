#include "mux/path.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "http/clean_path.h"
#include "http/percent_encoding.h"

namespace berth::mux {
namespace {

// -1: no hexadecimal digit.
int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_dots(std::string_view piece) noexcept { return piece == "." || piece == ".."; }

// Whether a piece that holds "%" may stand in a path.
bool is_honest(std::string_view piece) noexcept {
  // "." and ".." written with escapes have at most 6 bytes: "%2e%2e".
  std::array<char, 6> text;
  if (piece.size() <= text.size()) {
    const std::optional<std::size_t> size = decode(piece, text);
    return size && !is_dots({text.data(), *size});
  }
  for (std::size_t at = piece.find('%'); at != piece.npos; at = piece.find('%', at + 3)) {
    if (!is_escape(piece.substr(at))) return false;
  }
  return true;
}

// The 8 bytes at `at`, the first one lowest; zeros for those behind the end.
// REQUIRES: at is less than path.size().
inline std::uint64_t next_bytes(std::string_view path, std::size_t at) noexcept {
  std::uint64_t word = 0;
  if (path.size() < sizeof word) {
    for (std::size_t i = path.size(); i-- > at;) {
      word = word << 8 | static_cast<unsigned char>(path[i]);
    }
    return word;
  }
  const std::size_t from = std::min(at, path.size() - sizeof word);
  std::memcpy(&word, path.data() + from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word >> (at - from) * 8;
}

// The top bit of each byte of word that is c.
inline std::uint64_t bytes_equal(std::uint64_t word, char c) noexcept {
  constexpr std::uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
  const std::uint64_t other = word ^ (0x0101010101010101 * static_cast<unsigned char>(c));
  return ~(((other & kLow) + kLow) | other | kLow);
}

// Whether each piece of a path may stand in it.
bool is_honest_path(std::string_view raw_path) noexcept {
  std::size_t begin = 1;
  while (begin <= raw_path.size()) {
    const std::size_t end = std::min(raw_path.find('/', begin), raw_path.size());
    const std::string_view piece = raw_path.substr(begin, end - begin);
    if (piece.find('%') != piece.npos && !is_honest(piece)) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

PathState cut(std::string_view raw_path, Pieces& out) noexcept {
  out.count = 0;
  out.encoded = false;
  if (raw_path.empty()) return PathState::kEmptyPieces;
  if (raw_path.front() != '/') return PathState::kBad;
  bool empty_pieces = false;
  bool dot_pieces = false;
  std::uint64_t percents = 0;
  std::size_t count = 0;
  std::size_t begin = 1;
  const auto end_piece = [&](std::size_t end) {
    if (count < Pieces::kKept) {
      out.pieces[count] = {static_cast<std::uint32_t>(begin),
                           static_cast<std::uint32_t>(end - begin)};
    }
    ++count;
    dot_pieces |=
        begin != end && raw_path[begin] == '.' && is_dots(raw_path.substr(begin, end - begin));
  };
  for (std::size_t at = 1; at < raw_path.size(); at += 8) {
    const std::uint64_t word = next_bytes(raw_path, at);
    percents |= bytes_equal(word, '%');
    for (std::uint64_t slashes = bytes_equal(word, '/'); slashes != 0; slashes &= slashes - 1) {
      const std::size_t end = at + static_cast<std::size_t>(std::countr_zero(slashes)) / 8;
      end_piece(end);
      empty_pieces |= begin == end;
      begin = end + 1;
    }
  }
  end_piece(raw_path.size());
  out.encoded = percents != 0;
  out.count = count;
  if (out.encoded && !is_honest_path(raw_path)) return PathState::kBad;
  if (dot_pieces) return PathState::kDotPieces;
  return empty_pieces ? PathState::kEmptyPieces : PathState::kClean;
}

void cut_cleaned(std::string_view raw_path, Pieces& out) noexcept {
  out.count = 0;
  out.encoded = raw_path.find('%') != raw_path.npos;
  std::size_t begin = 1;
  while (begin <= raw_path.size()) {
    const std::size_t end = std::min(raw_path.find('/', begin), raw_path.size());
    const std::string_view text = raw_path.substr(begin, end - begin);
    if (text == "..") {
      // What is popped beyond the kept ones was never stored; the kept ones stay valid.
      if (out.count > 0) --out.count;
    } else if (!text.empty() && text != ".") {
      out.push({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(text.size())});
    }
    begin = end + 1;
  }
  if (out.count == 0 || raw_path.ends_with('/')) {
    out.push({static_cast<std::uint32_t>(raw_path.size()), 0});
  }
}

std::string cleaned(std::string_view raw_path) {
  std::string path;
  http::clean_path(raw_path, path);
  return encode_illegal(path);
}

bool is_escape(std::string_view text) noexcept {
  return text.size() >= 3 && text[0] == '%' && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0;
}

std::optional<std::size_t> decode(std::string_view raw, std::span<char> out) noexcept {
  assert(out.size() >= raw.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out[size++] = raw[i];
      continue;
    }
    if (!is_escape(raw.substr(i))) return std::nullopt;
    out[size++] = static_cast<char>(hex_value(raw[i + 1]) * 16 + hex_value(raw[i + 2]));
    i += 2;
  }
  return size;
}

std::string_view decoded(std::string_view raw, std::span<char> buffer) noexcept {
  if (raw.find('%') == raw.npos) return raw;
  const std::optional<std::size_t> size = decode(raw, buffer);
  assert(size);
  return {buffer.data(), size.value_or(0)};
}

std::string encode_segment(std::string_view text) {
  std::string out;
  http::percent_encode(text, "!$&'()*+,;=:@", out);
  return out;
}

std::string_view without_port(std::string_view host) noexcept {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  const bool port = colon != host.npos && (bracket == host.npos || bracket < colon);
  return port ? host.substr(0, colon) : host;
}

std::string encode_illegal(std::string_view text) {
  std::string out;
  http::percent_encode(text, "%/?!$&'()*+,;=:@[]", out);
  return out;
}

}  // namespace berth::mux
