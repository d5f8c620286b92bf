#include "mux/path.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "http/clean_path.h"
#include "http/percent_encoding.h"
#include "mux/cut.h"

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

// Looks at each piece. Out of the way: only paths that have something unusual come here.
[[gnu::noinline]] PathState judge(std::string_view raw_path) noexcept {
  PathState state = PathState::kClean;
  for (std::size_t begin = 1; begin <= raw_path.size();) {
    const std::size_t end = std::min(raw_path.find('/', begin), raw_path.size());
    const std::string_view piece = raw_path.substr(begin, end - begin);
    if (piece.find('%') != piece.npos && !is_honest(piece)) return PathState::kBad;
    if (is_dots(piece)) state = PathState::kDotPieces;
    if (begin == end && end != raw_path.size() && state == PathState::kClean) {
      state = PathState::kEmptyPieces;
    }
    begin = end + 1;
  }
  return state;
}

}  // namespace

namespace detail {

PathState cut_unusual(std::string_view raw_path, Pieces& out) noexcept {
  out.set_encoded(raw_path.find('%') != raw_path.npos);
  return judge(raw_path);
}

// The same by sixteen bytes.
PathState cut_long(std::string_view raw_path, Pieces& out) noexcept {
  unsigned unusual = 0;
  unsigned behind = 0;  // the bits behind slashes, also of the sixteen bytes before
  for (std::size_t at = 0; at < raw_path.size(); at += 16) {
    const std::size_t count = std::min<std::size_t>(raw_path.size() - at, 16);
    const Marks marks = marks_of(raw_path.data() + at, count);
    behind |= marks.slashes << 1;
    unusual |= (marks.slashes_and_dots & behind) | marks.percents;
    behind >>= 16;
    cut_at(marks.slashes, at, out);
  }
  out.end_piece(raw_path.size());
  return unusual == 0 ? PathState::kClean : cut_unusual(raw_path, out);
}

}  // namespace detail

void cut_cleaned(std::string_view raw_path, Pieces& out) noexcept {
  out.clear(raw_path.find('%') != raw_path.npos);
  std::size_t begin = 1;
  while (begin <= raw_path.size()) {
    const std::size_t end = std::min(raw_path.find('/', begin), raw_path.size());
    const std::string_view text = raw_path.substr(begin, end - begin);
    if (text == "..") {
      // What is popped beyond the kept ones was never stored; the kept ones stay valid.
      if (out.count() > 0) out.pop();
    } else if (!text.empty() && text != ".") {
      out.push(begin, end);
    }
    begin = end + 1;
  }
  if (out.count() == 0 || raw_path.ends_with('/')) out.push(raw_path.size(), raw_path.size());
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
