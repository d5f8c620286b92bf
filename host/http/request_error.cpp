#include "http/request_error.h"

#include <cassert>

namespace berth::http {
namespace {

struct Reply {
  int status;
  std::string_view text;
};

Reply reply_to(RequestError error) noexcept {
  switch (error) {
    case RequestError::kBadRequestLine:
      return {400, "malformed request line"};
    case RequestError::kBadMethod:
      return {400, "invalid method"};
    case RequestError::kMethodTooLong:
      return {501, "method too long"};
    case RequestError::kBadTarget:
      return {400, "invalid request target"};
    case RequestError::kTargetTooLong:
      return {414, "request target too long"};
    case RequestError::kBadVersion:
      return {400, "malformed protocol version"};
    case RequestError::kVersionNotSupported:
      return {505, "unsupported protocol version"};
    case RequestError::kHeadTooLarge:
      return {431, "request header too large"};
    case RequestError::kTooManyFields:
      return {431, "too many header fields"};
    case RequestError::kBadFieldName:
      return {400, "invalid header field name"};
    case RequestError::kBadFieldValue:
      return {400, "invalid header field value"};
    case RequestError::kObsFold:
      return {400, "folded header field"};
    case RequestError::kBareLf:
      return {400, "line ended by LF without CR"};
    case RequestError::kBareCr:
      return {400, "CR without LF"};
    case RequestError::kMissingHost:
      return {400, "missing required Host header field"};
    case RequestError::kDuplicateHost:
      return {400, "more than one Host header field"};
    case RequestError::kBadHost:
      return {400, "malformed Host header field"};
    case RequestError::kBadContentLength:
      return {400, "invalid Content-Length"};
    case RequestError::kRepeatedContentLength:
      return {400, "more than one Content-Length"};
    case RequestError::kConflictingLength:
      return {400, "both Content-Length and Transfer-Encoding"};
    case RequestError::kBadTransferEncoding:
      return {501, "unsupported transfer encoding"};
    case RequestError::kTransferEncodingInOldVersion:
      return {400, "Transfer-Encoding in HTTP/1.0"};
    case RequestError::kExpectationFailed:
      return {417, "unknown expectation"};
    case RequestError::kBadChunk:
      return {400, "malformed chunk"};
    case RequestError::kChunkSizeTooLarge:
      return {400, "chunk size too large"};
    case RequestError::kChunkLineTooLong:
      return {400, "chunk size line too long"};
    case RequestError::kChunkOverhead:
      return {400, "too much chunk overhead"};
    case RequestError::kBadTrailer:
      return {400, "invalid trailer field"};
    case RequestError::kTrailersTooLarge:
      return {431, "trailers too large"};
  }
  assert(false);
  return {400, "bad request"};
}

}  // namespace

int status_of(RequestError error) noexcept { return reply_to(error).status; }

std::string_view text_of(RequestError error) noexcept { return reply_to(error).text; }

}  // namespace berth::http
