// What is wrong with a request, one value per fault, with the status that answers it; not the reply
// itself (serve/). After any of these the connection is closed: where the next request begins is
// not known for sure.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::http {

enum class RequestError : std::uint8_t {
  // The request line, RFC 9112 s3
  kBadRequestLine,       // not METHOD SP TARGET SP VERSION
  kBadMethod,            // the method is not a token
  kMethodTooLong,        // 501: no method that long exists
  kBadTarget,            // not a target form, or a byte or escape that has no place in one
  kTargetTooLong,        // 414
  kBadVersion,           // not HTTP/d.d
  kVersionNotSupported,  // 505: neither 1.0 nor 1.1
  // Field lines, RFC 9112 s5
  kHeadTooLarge,   // 431
  kTooManyFields,  // 431
  kBadFieldName,   // empty, not a token, or blanks before the colon
  kBadFieldValue,  // a control character
  kObsFold,        // a line that begins with a blank, RFC 9112 s5.2
  kBareLf,         // LF without CR, RFC 9112 s2.2
  kBareCr,         // CR without LF, RFC 9112 s2.2
  // Host, RFC 9112 s3.2
  kMissingHost,
  kDuplicateHost,
  kBadHost,
  // Message body length, RFC 9112 s6
  kBadContentLength,              // not 1*DIGIT of 63 bits
  kRepeatedContentLength,         // more than one, even when equal
  kConflictingLength,             // Content-Length with Transfer-Encoding
  kBadTransferEncoding,           // 501: anything but exactly one "chunked"
  kTransferEncodingInOldVersion,  // in HTTP/1.0, RFC 9112 s6.1
  kExpectationFailed,             // 417: Expect with anything but 100-continue
  // Chunked, RFC 9112 s7.1
  kBadChunk,           // malformed size, extension or line end
  kChunkSizeTooLarge,  // over 63 bits
  kChunkLineTooLong,
  kChunkOverhead,     // far more framing than data
  kBadTrailer,        // malformed, or a name that may not come after the body (RFC 9110 s6.5.1)
  kTrailersTooLarge,  // 431: over what the head left of its budget
};

// 400, 414, 417, 431, 501 or 505.
[[nodiscard]] int status_of(RequestError error) noexcept;

// One short sentence without a final stop; never holds bytes of the request. Static storage.
[[nodiscard]] std::string_view text_of(RequestError error) noexcept;

}  // namespace berth::http
