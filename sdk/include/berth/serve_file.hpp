// Answers a request with a file of this system (Go's http.ServeFile). Not a folder, and no judge of
// names: for files that clients name there is the plugin static_files, which keeps within its root.
#pragma once

#include <berth/abi.h>
#include <berth/descriptor.hpp>
#include <berth/error_reply.hpp>
#include <berth/log.hpp>
#include <berth/media_type.hpp>
#include <berth/preconditions.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>
#include <berth/serve_content.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>

namespace berth {

// An entity tag of size and time of the last change, in nanoseconds, and Last-Modified. The tag is
// weak for the first 2 s: until then the file may change within one tick of its clock (RFC 9110
// s8.8.1). Of a time of 0 or 1, which archives and builds write that tell none, it makes neither.
// `suffix` tells representations of one file apart ("gz"); letters and digits.
[[nodiscard]] inline Validators file_validators(const struct stat& status,
                                                std::string_view suffix = {}) {
  const auto append_hex = [](std::string& text, std::uint64_t value) {
    std::array<char, 16> digits;
    const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    text.append(digits.data(), result.ptr);
  };
  Validators validators;
  const std::time_t modified = status.st_mtim.tv_sec;
  if (modified == 0 || modified == 1) return validators;
  validators.etag = detail::changed_lately(modified) ? "W/\"" : "\"";
  append_hex(validators.etag, static_cast<std::uint64_t>(modified) * 1'000'000'000U +
                                  static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
  validators.etag += '-';
  append_hex(validators.etag, static_cast<std::uint64_t>(status.st_size));
  if (!suffix.empty()) validators.etag.append("-").append(suffix);
  validators.etag += '"';
  // RFC 9110 s8.8.2.1: never later than Date.
  if (modified > 0 && modified <= std::time(nullptr)) validators.modified = modified;
  return validators;
}

// The reply where a file could not be opened: 404 for what is not there or no file, 403 for what
// may not be read. Only the log is told why, and the name. Throws std::system_error where it is
// neither (a 500). error: an errno.
inline void refuse_to_open(ResponseWriter& response, int error, std::string_view name) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ENXIO:  // a socket
    case ENODEV:
      return not_found(response);
    case ELOOP:
    case EXDEV:
      log(Level::warn, "a link leads out of the root, or in a circle", {{"name", name}});
      return not_found(response);
    case EACCES:
    case EPERM:
      log(Level::warn, "not readable", {{"name", name}});
      return error_reply(response, 403, "403 Forbidden");
    default:
      throw std::system_error(error, std::generic_category(),
                              "cannot open \"" + std::string(name) + "\"");
  }
}

// Answers as serve_content() with the file at `path`, its type told by its extension unless
// Content-Type is set; links are followed. What is no regular file is a 404; it is not waited for.
// `path` is the handler's own: never make it of a client's text. The file is opened for each
// request; replace it by rename(2), so that nobody gets half of it. Throws as serve_content() and
// refuse_to_open().
inline void serve_file(ResponseWriter& response, const Request& request, const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return refuse_to_open(response, errno, path);
  }
  if (!S_ISREG(status.st_mode)) return not_found(response);
  const FileContent content(file.get(), static_cast<std::uint64_t>(status.st_size));
  serve_content(response, request, content, media_type(path), file_validators(status));
}

}  // namespace berth
