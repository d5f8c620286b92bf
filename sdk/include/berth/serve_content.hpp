// Answers a request with content that has validators: conditions, ranges and lengths (Go's
// http.ServeContent, RFC 9110 s13 to s15.3.7). Not a cache, and no choice between contents.
#pragma once

#include <berth/byte_ranges.hpp>
#include <berth/error_reply.hpp>
#include <berth/http_date.hpp>
#include <berth/preconditions.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace berth {

// What is served: bytes whose number is known, of which any part can be sent.
class Content {
 public:
  Content() = default;
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  virtual ~Content() = default;
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  // Appends that part to the body; it lies within size(). What it throws ends the response.
  virtual void send(ResponseWriter& response, const ByteRange& part) const = 0;
};

// Bytes in memory, which the caller keeps.
class BytesContent final : public Content {
 public:
  explicit BytesContent(std::string_view bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return bytes_.size(); }
  void send(ResponseWriter& response, const ByteRange& part) const override {
    response.write(
        bytes_.substr(static_cast<std::size_t>(part.first), static_cast<std::size_t>(part.length)));
  }

 private:
  std::string_view bytes_;
};

// The first `size` bytes of an open file, which the caller keeps open; sent by sendfile(2) where
// the connection can. Where the file is shorter by now it throws, and the response is cut.
class FileContent final : public Content {
 public:
  FileContent(int fd, std::uint64_t size) noexcept : fd_(fd), size_(size) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  void send(ResponseWriter& response, const ByteRange& part) const override {
    if (const auto sender = response.as<FileSender>()) {
      return sender->send(fd_, static_cast<std::int64_t>(part.first),
                          static_cast<std::int64_t>(part.length));
    }
    std::array<char, 16384> piece;
    std::uint64_t offset = part.first;
    for (std::uint64_t left = part.length; left > 0;) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
      const ssize_t got = ::pread(fd_, piece.data(), most, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw std::runtime_error("the file became shorter, or cannot be read");
      response.write({piece.data(), static_cast<std::size_t>(got)});
      offset += static_cast<std::uint64_t>(got);
      left -= static_cast<std::uint64_t>(got);
    }
  }

 private:
  int fd_;
  std::uint64_t size_;
};

namespace detail {

// "bytes 0-4/10" (RFC 9110 s14.4).
inline std::string content_range(const ByteRange& part, std::uint64_t size) {
  return "bytes " + std::to_string(part.first) + "-" +
         std::to_string(part.first + part.length - 1) + "/" + std::to_string(size);
}

// A delimiter that nobody can have put into the content, for it is not known before.
inline std::string new_boundary() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, 20> random;
  if (::getentropy(random.data(), random.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "getentropy");
  }
  std::string text;
  for (const unsigned char byte : random) text.append({kHex[byte >> 4U], kHex[byte & 15U]});
  return text;
}

// RFC 9110 s14.6: each part with a head of its own. REQUIRES: more than one part.
inline void send_multipart(ResponseWriter& response, const Content& content, std::string_view type,
                           std::span<const ByteRange> parts, bool with_body) {
  response.set_header("Content-Type", type);  // which judges what is no value of a field
  const std::string boundary = new_boundary();
  const std::string last = "\r\n--" + boundary + "--\r\n";
  std::vector<std::string> heads;
  std::uint64_t length = last.size();
  for (const ByteRange& part : parts) {
    std::string& head = heads.emplace_back(heads.empty() ? "--" : "\r\n--");
    head.append(boundary).append("\r\nContent-Range: ").append(content_range(part, content.size()));
    head.append("\r\nContent-Type: ").append(type).append("\r\n\r\n");
    length += head.size() + part.length;
  }
  response.set_header("Content-Type", "multipart/byteranges; boundary=" + boundary);
  response.set_header("Content-Length", std::to_string(length));
  response.status(206);
  if (!with_body) return;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    response.write(heads[i]);
    content.send(response, parts[i]);
  }
  response.write(last);
}

}  // namespace detail

// Answers GET and HEAD; of other methods the caller thinks first, and gets a 200 with the content.
//   - 304 or 412 as the conditions of the request say, see evaluate_preconditions();
//   - for a GET with Range, as long as If-Range holds: 206 with the one part, or with several as
//     multipart/byteranges; 416 where none lies within; the whole where ByteRanges says so, and for
//     several parts of what has a Content-Encoding;
//   - else 200. HEAD tells the fields of a GET without Range, and has no body.
// ETag and Last-Modified are set from `validators` (of a 304 the date only without a tag);
// Content-Type to `type`, without one "application/octet-stream", unless it is set already; and
// Accept-Ranges, Content-Length and nosniff, for nobody has to guess. Fields set before stay
// (Cache-Control, Vary, Content-Encoding), but those about the body go with a 304, and those
// error_reply() names with a 412 or 416. `content` is the bytes as they are sent, so an encoded one
// has an entity tag of its own. Throws Error, and what content.send() throws.
inline void serve_content(ResponseWriter& response, const Request& request, const Content& content,
                          std::string_view type, const Validators& validators) {
  const Verdict verdict = evaluate_preconditions(request, validators);
  if (verdict == Verdict::failed) return error_reply(response, 412, "412 Precondition Failed");
  const bool has_etag = !validators.etag.empty();
  if (has_etag) response.set_header("ETag", validators.etag);
  // RFC 9110 s15.4.5: a 304 tells what updates a cache.
  if (validators.modified != 0 && (verdict == Verdict::send || !has_etag)) {
    response.set_header("Last-Modified", http_date(validators.modified));
  }
  if (verdict == Verdict::not_modified) {
    for (const char* name : {"Content-Type", "Content-Length", "Content-Encoding"}) {
      response.remove_header(name);
    }
    return response.status(304);
  }
  response.set_header("Accept-Ranges", "bytes");
  const std::uint64_t size = content.size();
  const auto range = detail::only_line(request, "Range");
  ByteRanges ranges;
  if (range && request.method() == "GET" && range_applies(request, validators)) {
    ranges = ByteRanges::parse(*range, size);
    // Content-Encoding would be taken for that of the multipart body, which is not encoded.
    if (ranges.parts().size() > 1 && response.header("Content-Encoding")) ranges = {};
  }
  if (ranges.kind() == ByteRanges::Kind::unsatisfiable) {
    response.set_header("Content-Range", "bytes */" + std::to_string(size));
    return error_reply(response, 416, "416 Range Not Satisfiable");
  }
  std::string set;  // a view of a field dies with the next one that is set
  if (const auto field = response.header("Content-Type")) type = set = *field;
  if (type.empty()) type = "application/octet-stream";
  response.set_header("X-Content-Type-Options", "nosniff");
  const bool with_body = request.method() != "HEAD";
  if (ranges.parts().size() > 1) {
    return detail::send_multipart(response, content, type, ranges.parts(), with_body);
  }
  const bool partial = !ranges.parts().empty();
  const ByteRange part = partial ? ranges.parts().front() : ByteRange{0, size};
  if (partial) response.set_header("Content-Range", detail::content_range(part, size));
  response.set_header("Content-Type", type);
  response.set_header("Content-Length", std::to_string(part.length));
  response.status(partial ? 206 : 200);
  if (with_body && part.length > 0) content.send(response, part);
}

}  // namespace berth
