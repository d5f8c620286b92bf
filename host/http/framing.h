// What a request head says about its body and its connection (RFC 9112 s6, s9.3); no bytes of the
// body are touched here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/short_text.h"
#include "http/request_error.h"
#include "http/request_head.h"

namespace berth::http {

struct Framing {
  enum class Body : std::uint8_t {
    kNone,     // neither Content-Length nor Transfer-Encoding, whatever the method
    kLength,   // `length` bytes follow; it may be 0
    kChunked,  // a ChunkedDecoder finds the end
  };
  Body body = Body::kNone;
  std::uint64_t length = 0;      // bytes, below 2^63; 0 unless kLength
  bool keep_alive = true;        // as far as the client goes: version and Connection options
  bool expect_continue = false;  // the client waits for a 100 before it sends its body
  // The Host field, valid or empty; also empty when HTTP/1.0 left it out. A view with the head's
  // lifetime. An absolute-form target overrides it (RFC 9112 s3.2.2): see Target::authority.
  std::string_view host;
};

// The Host value that was judged last, so that the same one is not judged again: clients send
// theirs with each request. One per thread.
class HostMemo {
 public:
  // is_host(host). REQUIRES: !host.empty().
  [[nodiscard]] bool is_valid(std::string_view host) noexcept {
    if (base::same_text(host, {text_.data(), size_})) [[likely]]
      return true;
    return judge(host);
  }

 private:
  [[nodiscard]] bool judge(std::string_view host) noexcept;

  std::array<char, 64> text_{};  // longer ones are judged each time
  std::size_t size_ = 0;         // 0: none yet; an empty host is none
};

// Strict where RFC 9112 leaves a choice, because every leniency here is a way to smuggle a request
// (faults.md 9): Content-Length with Transfer-Encoding, a repeated or list Content-Length even when
// equal, any coding but exactly one `chunked`, and Transfer-Encoding in HTTP/1.0 are refused.
// Host: exactly one in HTTP/1.1 (CONNECT too), at most one in HTTP/1.0. Expect is ignored in
// HTTP/1.0 and where there is no body to wait for (RFC 9110 s10.1.1).
// One pass over the fields, no allocation.
[[nodiscard]] base::Result<Framing, RequestError> framing_of(const RequestHead& head,
                                                             HostMemo& hosts) noexcept;
[[nodiscard]] base::Result<Framing, RequestError> framing_of(const RequestHead& head) noexcept;

}  // namespace berth::http
