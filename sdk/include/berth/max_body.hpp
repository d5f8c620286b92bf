// A request's body up to so many bytes (Go's http.MaxBytesReader): for a handler whose limit is
// tighter than its route's `max_body`. Not a buffer.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>
#include <berth/request.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace berth {

// The body is larger than MaxBody allows. Let through it is a 413, as every Error with E_TOO_LARGE;
// who catches it answers 413 in words of its own. Not thrown for the route's `max_body`.
class BodyTooLarge : public Error {
 public:
  explicit BodyTooLarge(std::uint64_t max_bytes)
      : Error(BERTH_E_TOO_LARGE, "body of more than " + std::to_string(max_bytes) + " bytes"),
        max_bytes_(max_bytes) {}
  [[nodiscard]] std::uint64_t max_bytes() const noexcept { return max_bytes_; }

 private:
  std::uint64_t max_bytes_;
};

// Made before anything of the body is read; of use as long as the request, by the thread inside
// serve() only.
class MaxBody {
 public:
  MaxBody(Request& request, std::uint64_t max_bytes) noexcept
      : request_(request), max_bytes_(max_bytes), left_(max_bytes) {}
  MaxBody(const MaxBody&) = delete;
  MaxBody& operator=(const MaxBody&) = delete;

  // As Request::read(). Throws BodyTooLarge once the first max_bytes were handed out and there are
  // more, and at once where a Content-Length says so: a client that waits for 100-continue is then
  // spared the upload. It goes on throwing that. REQUIRES: out is not empty.
  std::size_t read(std::span<char> out) {
    if (too_large_ || request_.content_length().value_or(0) > max_bytes_) {
      throw BodyTooLarge(max_bytes_);
    }
    // One more than is left tells an end from an excess.
    if (out.size() > left_) out = out.first(static_cast<std::size_t>(left_) + 1);
    const std::size_t got = request_.read(out);
    if (got <= left_) {
      left_ -= got;
      return got;
    }
    too_large_ = true;
    const auto allowed = static_cast<std::size_t>(left_);
    if (allowed == 0) throw BodyTooLarge(max_bytes_);
    left_ = 0;
    return allowed;
  }
  // The rest of it. Throws as read().
  [[nodiscard]] std::string read_all() {
    constexpr std::size_t kStep = 16384;
    std::string body;
    for (;;) {
      const std::size_t had = body.size();
      body.resize(had + kStep);
      const std::size_t got = read(std::span(body).subspan(had));
      body.resize(had + got);
      if (got == 0) return body;
    }
  }

 private:
  Request& request_;
  const std::uint64_t max_bytes_;
  std::uint64_t left_;
  bool too_large_ = false;
};

}  // namespace berth
