#include <sys/un.h>

#include <cstddef>
#include <string>

#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"

namespace berth::config {

namespace {

// Of a path, and of an abstract name behind its "@": one byte is the NUL (unix(7)).
constexpr std::size_t kLongestUnixPath = sizeof(sockaddr_un::sun_path) - 1;

}  // namespace

bool fits_unix_address(std::string_view path, const base::SourcePosition& position,
                       Report& report) {
  if (path.size() <= kLongestUnixPath) return true;
  report.error(position,
               "the path of the socket has " + std::to_string(path.size()) +
                   " bytes, Linux takes at most " + std::to_string(kLongestUnixPath),
               "use a shorter one, such as /run/berth/http.sock");
  return false;
}

// There is no abstract one: anybody in the network namespace could connect to it.
ControlSocket read_control(const Node& node, Report& report) {
  ControlSocket control;
  const auto text = report.take(node.as_string());
  if (!text) return control;
  control.position = node.position();
  if (*text == "off") {
    control.kind = ControlSocket::Kind::kOff;
    return control;
  }
  if (text->find('/') == std::string_view::npos || text->ends_with('/') || text->starts_with('@')) {
    report.error(control.position, quote(*text) + " is not the path of a socket",
                 "write a path with a / in it, such as /run/berth/control.sock, or off");
    return control;
  }
  const std::string path = resolve_path(folder_of(control.position.file), *text);
  if (!fits_unix_address(path, control.position, report)) return control;
  control.kind = ControlSocket::Kind::kPath;
  control.path = path;
  return control;
}

}  // namespace berth::config
