#include "support/reply_reader.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace berth::test {

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

// Reads "name: value" lines up to the empty one. False: more bytes are needed.
bool read_fields(std::string_view bytes, std::size_t& at, Lines& lines, std::string& problem) {
  for (;;) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return false;
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 2;
    if (line.empty()) return true;
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) {
      problem = "field line without a colon: " + std::string(line);
      return true;
    }
    lines.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
}

// Reads a chunked body. False: more bytes are needed.
bool read_chunked(std::string_view bytes, std::size_t& at, Reply& reply) {
  for (;;) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) return false;
    std::size_t size = 0;
    const auto [stop, error] = std::from_chars(bytes.data() + at, bytes.data() + end, size, 16);
    if (error != std::errc{} || stop != bytes.data() + end) {
      reply.problem = "bad chunk size: " + std::string(bytes.substr(at, end - at));
      return true;
    }
    at = end + 2;
    if (size == 0) return read_fields(bytes, at, reply.trailers, reply.problem);
    if (bytes.size() < at + size + 2) {
      reply.body += bytes.substr(at);
      return false;
    }
    reply.body += bytes.substr(at, size);
    ++reply.chunks;
    at += size;
    if (bytes.substr(at, 2) != "\r\n") {
      reply.problem = "no CR LF behind a chunk";
      return true;
    }
    at += 2;
  }
}

// Everything behind the head. False: more bytes are needed.
bool read_body(std::string_view bytes, std::size_t& at, bool head_request, bool ended,
               Reply& reply) {
  if (reply.chunked()) {
    if (reply.field("Content-Length")) reply.problem = "Content-Length and Transfer-Encoding";
    return read_chunked(bytes, at, reply);
  }
  if (head_request || reply.status < 200 || reply.status == 204 || reply.status == 304) return true;
  const auto length = reply.field("Content-Length");
  if (!length) {
    reply.body = bytes.substr(at);
    at = bytes.size();
    return ended;
  }
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(length->data(), length->data() + length->size(), size);
  if (error != std::errc{} || stop != length->data() + length->size()) {
    reply.problem = "bad Content-Length: " + *length;
    return true;
  }
  reply.body = bytes.substr(at, size);
  at += reply.body.size();
  return reply.body.size() == size;
}

}  // namespace

std::optional<std::string> Reply::field(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : fields) {
    if (!equal_ignoring_case(key, name)) continue;
    if (found) return "(twice)";
    found = value;
  }
  return found;
}

std::optional<Reply> take_reply(std::string& bytes, bool head_request, bool ended) {
  Reply reply;
  std::size_t at = 0;
  const std::string_view all = bytes;
  const std::size_t end = all.find("\r\n");
  bool here = end != std::string_view::npos;
  if (here) {
    reply.status_line = all.substr(0, end);
    at = end + 2;
    const bool shape = reply.status_line.size() >= 13 &&
                       reply.status_line.starts_with("HTTP/1.1 ") && reply.status_line[12] == ' ';
    if (shape) {
      std::from_chars(reply.status_line.data() + 9, reply.status_line.data() + 12, reply.status);
    } else {
      reply.problem = "bad status line: " + reply.status_line;
    }
    here = read_fields(all, at, reply.fields, reply.problem) &&
           (!reply.problem.empty() || read_body(all, at, head_request, ended, reply));
  }
  if (!here && !ended) return std::nullopt;
  if (!here) at = bytes.size();
  reply.whole = here && reply.problem.empty();
  bytes.erase(0, at);
  return reply;
}

}  // namespace berth::test
