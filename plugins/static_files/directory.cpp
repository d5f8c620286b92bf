// The kind `directory`: files of a folder. No listings, nothing outside of the folder.
#include <berth/plugin.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http_date.h"
#include "media_type.h"
#include "preconditions.h"
#include "resource_name.h"
#include "root.h"

namespace static_files {

namespace {

// The name in the {name...} that the pattern ends in.
std::string read_wildcard(const berth::Mount& mount) {
  const std::string_view pattern = mount.pattern();
  const std::size_t brace = pattern.rfind('{');
  if (brace == std::string_view::npos || !pattern.ends_with("...}")) {
    mount.config().fail("the route's pattern has to end in {path...}");
  }
  return std::string(pattern.substr(brace + 1, pattern.size() - brace - 5));
}

// make() only looks whether it is there: the folder is opened for each request.
Root read_root(const berth::Config& config) {
  Root root(config.get<berth::Path>("root").name);
  if (const std::string problem = root.problem(); !problem.empty()) config["root"].fail(problem);
  return root;
}

// Empty: none.
std::string read_index(const berth::Config& config) {
  const auto index = config.get<std::string>("index", "index.html");
  if (index == "false") return {};
  if (index.empty() || index.front() == '.' || index.find('/') != std::string::npos) {
    config["index"].fail("expected the name of a file, or false");
  }
  return index;
}

std::string read_cache_control(const berth::Config& config) {
  auto text = config.get<std::string>("cache_control", "");
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::all_of(text.begin(), text.end(), printable)) {
    config["cache_control"].fail("expected printable ASCII");
  }
  return text;
}

void refuse(berth::ResponseWriter& response, int status, std::string_view text) {
  response.set_header("Content-Type", "text/plain; charset=utf-8");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.status(status);
  response.write(text);
}
void not_found(berth::ResponseWriter& response) { refuse(response, 404, "404 Not Found\n"); }

// Of what could not be opened. Only the log is told why.
void refuse_to_open(berth::ResponseWriter& response, int error, const std::string& name) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ENXIO:  // a socket
    case ENODEV:
      return not_found(response);
    case ELOOP:
    case EXDEV:
      berth::log(berth::Level::warn, "a link leads out of the root, or in a circle",
                 {{"name", name}});
      return not_found(response);
    case EACCES:
    case EPERM:
      berth::log(berth::Level::warn, "not readable", {{"name", name}});
      return refuse(response, 403, "403 Forbidden\n");
    default:
      throw std::runtime_error("cannot open \"" + name + "\": " + std::strerror(error));
  }
}

// The folder's own name with a slash, relative to where the client is (RFC 3986 s5.2).
void redirect_to_folder(berth::ResponseWriter& response, std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  std::string location = "./";
  location.append(path.substr(path.rfind('/') + 1)).append("/").append(target.substr(mark));
  response.set_header("Location", location);
  refuse(response, 301, "301 Moved Permanently\n");
}

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 16> digits;
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return {digits.data(), result.ptr};
}

Validators validators_of(const struct stat& status) {
  const auto nanoseconds = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000U +
                           static_cast<std::uint64_t>(status.st_mtim.tv_nsec);
  Validators validators;
  validators.etag = "\"" + hexadecimal(nanoseconds) + "-" +
                    hexadecimal(static_cast<std::uint64_t>(status.st_size)) + "\"";
  // RFC 9110 s8.8.2.1: never later than Date. At 0 and before nobody knows when it was.
  const std::time_t modified = status.st_mtim.tv_sec;
  if (modified > 0 && modified <= std::time(nullptr)) validators.modified = modified;
  return validators;
}

void send_part(berth::ResponseWriter& response, const Descriptor& file, const Part& part) {
  if (const auto sender = response.as<berth::FileSender>()) {
    return sender->send(file.get(), static_cast<std::int64_t>(part.first),
                        static_cast<std::int64_t>(part.length));
  }
  std::array<char, 16384> piece;
  std::uint64_t offset = part.first;
  for (std::uint64_t left = part.length; left > 0;) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    const ssize_t got = ::pread(file.get(), piece.data(), most, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("the file became shorter");
    response.write({piece.data(), static_cast<std::size_t>(got)});
    offset += static_cast<std::uint64_t>(got);
    left -= static_cast<std::uint64_t>(got);
  }
}

class Directory : public berth::Handler {
 public:
  explicit Directory(const berth::Mount& mount)
      : wildcard_(read_wildcard(mount)),
        root_(read_root(mount.config())),
        index_(read_index(mount.config())),
        cache_control_(read_cache_control(mount.config())),
        dotfiles_(mount.config().get<bool>("dotfiles", false)) {
    mount.config().allow_only({"root", "index", "cache_control", "dotfiles"});
  }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (request.method() != "GET" && request.method() != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      return refuse(response, 405, "405 Method Not Allowed\n");
    }
    const auto wanted =
        resource_name(request.path_value(wildcard_).value_or(""), request.target(), dotfiles_);
    if (!wanted) return not_found(response);
    std::string name(*wanted);
    const bool is_folder = name.empty() || name.back() == '/';
    if (is_folder && index_.empty()) return not_found(response);
    if (is_folder) name += index_;
    const Opened opened = root_.open(name);
    if (opened.error != 0) return refuse_to_open(response, opened.error, name);
    if (S_ISDIR(opened.status.st_mode) && !is_folder && !index_.empty()) {
      return redirect_to_folder(response, request.target());
    }
    if (!S_ISREG(opened.status.st_mode)) return not_found(response);
    send(response, request, opened, media_type(name));
  }

 private:
  void send(berth::ResponseWriter& response, const berth::Request& request, const Opened& opened,
            std::string_view type) const {
    const Validators validators = validators_of(opened.status);
    const auto size = static_cast<std::uint64_t>(opened.status.st_size);
    const Verdict verdict = evaluate(request, validators);
    if (verdict == Verdict::kFailed) return refuse(response, 412, "412 Precondition Failed\n");

    response.set_header("ETag", validators.etag);
    if (validators.modified != 0) {
      response.set_header("Last-Modified", http_date(validators.modified));
    }
    if (!cache_control_.empty()) response.set_header("Cache-Control", cache_control_);
    if (verdict == Verdict::kNotModified) return response.status(304);

    response.set_header("Accept-Ranges", "bytes");
    const Part part = part_of(request, validators, size);
    if (part.kind == Part::Kind::kUnsatisfiable) {
      response.set_header("Content-Range", "bytes */" + std::to_string(size));
      return refuse(response, 416, "416 Range Not Satisfiable\n");
    }
    if (part.kind == Part::Kind::kPart) {
      response.set_header("Content-Range", "bytes " + std::to_string(part.first) + "-" +
                                               std::to_string(part.first + part.length - 1) + "/" +
                                               std::to_string(size));
    }
    response.set_header("Content-Type", type);
    response.set_header("X-Content-Type-Options", "nosniff");
    response.set_header("Content-Length", std::to_string(part.length));
    response.status(part.kind == Part::Kind::kPart ? 206 : 200);
    if (request.method() != "HEAD") send_part(response, opened.file, part);
  }

  const std::string wildcard_;
  const Root root_;
  const std::string index_;
  const std::string cache_control_;
  const bool dotfiles_;
};

}  // namespace

}  // namespace static_files

BERTH_PLUGIN(berth::handler<static_files::Directory>("directory"));
