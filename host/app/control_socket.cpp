#include "app/control_socket.h"

#include <sys/stat.h>

#include <cassert>
#include <cerrno>
#include <string>
#include <utility>

#include "base/error.h"
#include "net/unix_address.h"

namespace berth::app {

namespace {

constexpr const char* kName = "control";

base::Result<net::Listener, net::ListenError> listen_at(const std::string& path) {
  auto address = net::UnixAddress::parse(path);
  if (!address) {
    return base::fail(net::ListenError{address.error().code, std::move(address).error().text, {}});
  }
  if (address->is_abstract()) {
    return base::fail(net::ListenError{base::ErrorCode::kInvalidArgument,
                                       "everybody could connect to an abstract name",
                                       "write the path of a file: its mode says who may ask"});
  }
  return net::Listener::open(
      net::UnixListenerOptions{.name = kName, .address = std::move(*address)});
}

base::Status<> make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), kControlFolderMode) == 0) {
    if (::chmod(folder.c_str(), kControlFolderMode) == 0) return base::done();
  } else if (errno == EEXIST) {
    return base::done();
  }
  return base::fail(base::system_error(errno, "make the folder " + folder));
}

base::Result<net::Listener, net::ListenError> bind_default(const RuntimeEnvironment& environment) {
  const auto folder = control_folder(environment);
  if (!folder) {
    return base::fail(net::ListenError{base::ErrorCode::kNotFound, "$XDG_RUNTIME_DIR is not set",
                                       "name a path with control:, or switch it off"});
  }
  if (auto made = make_folder(*folder); !made) {
    return base::fail(net::ListenError{made.error().code, made.error().text, {}});
  }
  return listen_at(control_paths(environment).front());
}

}  // namespace

base::Result<net::Listener, net::ListenError> open_control_socket(
    const config::ControlSocket& socket, const RuntimeEnvironment& environment) {
  assert(socket.kind != config::ControlSocket::Kind::kOff);
  return socket.kind == config::ControlSocket::Kind::kPath ? listen_at(socket.path)
                                                           : bind_default(environment);
}

config::Diagnostic no_control_socket(const config::ControlSocket& socket, net::ListenError error) {
  return {.position = socket.position,
          .what = "no control socket: " + error.text,
          .suggestion = {},
          .help = std::move(error.help)};
}

}  // namespace berth::app
