// The kind `directory`: files of a folder. No listings, nothing outside of the folder.
#include <berth/plugin.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "precompressed.h"
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
  auto index = config.get<std::string>("index", "index.html");
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

// The folder's own name with a slash, relative to where the client is (RFC 3986 s5.2): it holds
// behind a proxy that knows the folder by another path, too.
void redirect_to_folder(berth::ResponseWriter& response, std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  std::string location = "./";
  location.append(path.substr(path.rfind('/') + 1)).append("/").append(target.substr(mark));
  response.set_header("Location", location);
  berth::error_reply(response, 301, "301 Moved Permanently");
}

class Directory : public berth::Handler {
 public:
  explicit Directory(const berth::Mount& mount)
      : wildcard_(read_wildcard(mount)),
        root_(read_root(mount.config())),
        index_(read_index(mount.config())),
        cache_control_(read_cache_control(mount.config())),
        dotfiles_(mount.config().get<bool>("dotfiles", false)),
        compressions_(read_compressions(mount.config())) {
    mount.config().allow_only({"root", "index", "cache_control", "dotfiles", "precompressed"});
  }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    if (request.method() != "GET" && request.method() != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      return berth::error_reply(response, 405, "405 Method Not Allowed");
    }
    const auto wanted =
        resource_name(request.path_value(wildcard_).value_or(""), request.target(), dotfiles_);
    if (!wanted) return berth::not_found(response);
    std::string name(*wanted);
    const bool is_folder = name.empty() || name.back() == '/';
    if (is_folder && index_.empty()) return berth::not_found(response);
    if (is_folder) name += index_;
    const Opened opened = root_.open(name);
    if (opened.error != 0) return berth::refuse_to_open(response, opened.error, name);
    if (S_ISDIR(opened.status.st_mode) && !is_folder && !index_.empty()) {
      return redirect_to_folder(response, request.target());
    }
    if (!S_ISREG(opened.status.st_mode)) return berth::not_found(response);
    send(response, request, opened, name);
  }

 private:
  void send(berth::ResponseWriter& response, const berth::Request& request, const Opened& opened,
            const std::string& name) const {
    if (!cache_control_.empty()) response.set_header("Cache-Control", cache_control_);
    const std::string_view type = berth::media_type(name);
    if (compressions_.empty()) return send_file(response, request, opened, type);
    response.add_header("Vary", "Accept-Encoding");
    const Precompressed other = open_precompressed(root_, name, request, compressions_);
    if (other.opened.error != 0) return send_file(response, request, opened, type);
    response.set_header("Content-Encoding", other.compression.coding);
    send_file(response, request, other.opened, type, other.compression.extension);
  }
  static void send_file(berth::ResponseWriter& response, const berth::Request& request,
                        const Opened& opened, std::string_view type, std::string_view suffix = {}) {
    const berth::FileContent content(opened.file.get(),
                                     static_cast<std::uint64_t>(opened.status.st_size));
    berth::serve_content(response, request, content, type,
                         berth::file_validators(opened.status, suffix));
  }

  const std::string wildcard_;
  const Root root_;
  const std::string index_;
  const std::string cache_control_;
  const bool dotfiles_;
  const std::vector<Compression> compressions_;
};

}  // namespace

}  // namespace static_files

BERTH_PLUGIN(berth::handler<static_files::Directory>("directory"));
