#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace berth::base {

namespace {

ErrorCode code_of(int errno_value) noexcept {
  switch (errno_value) {
    case EINVAL:
    case ENAMETOOLONG:
    case EAFNOSUPPORT:
      return ErrorCode::kInvalidArgument;
    case ENOENT:
    case ENOTDIR:
    case EADDRNOTAVAIL:
      return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermission;
    case EADDRINUSE:
    case EEXIST:
    case EBUSY:
      return ErrorCode::kAlreadyInUse;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::kExhausted;
    case ETIMEDOUT:
      return ErrorCode::kTimedOut;
    case EPIPE:
    case ECONNRESET:
    case ECONNABORTED:
      return ErrorCode::kClosed;
    default:
      return ErrorCode::kSystem;
  }
}

}  // namespace

std::string_view name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid argument";
    case ErrorCode::kNotFound:
      return "not found";
    case ErrorCode::kPermission:
      return "permission";
    case ErrorCode::kAlreadyInUse:
      return "already in use";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kTimedOut:
      return "timed out";
    case ErrorCode::kClosed:
      return "closed";
    case ErrorCode::kIncompatible:
      return "incompatible";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kSystem:
      return "system";
  }
  return "unknown";
}

Error system_error(int errno_value, std::string_view what) {
  std::string text(what);
  text += ": ";
  text += std::generic_category().message(errno_value);
  return Error{code_of(errno_value), std::move(text)};
}

}  // namespace berth::base
