// What a socket is bound to, as people read it: of any family. Not an address to connect to.
#pragma once

#include <string>

namespace berth::net {

// "127.0.0.1:8080", "[::]:8080" (RawAddress::text), "unix:/run/berth/http.sock", "unix:@berth" (an
// abstract name; a NUL inside it as "@"), "unix:" for a Unix socket without a name, "-" for what is
// no socket. Asks the kernel.
[[nodiscard]] std::string socket_name(int fd);

}  // namespace berth::net
