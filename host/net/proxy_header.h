// The header of the PROXY protocol, version 1 or 2, by which a proxy says in front of everything
// else whom it connects for. Reads bytes: who may send it, and how long it may take, is known
// elsewhere.
// https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt, "the specification" below.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/raw_address.h"

namespace berth::net {

// Which versions are taken.
enum class ProxyProtocol : std::uint8_t { kV1, kV2, kAny };

struct ProxyHeader {
  std::size_t size = 0;  // bytes of it; what follows is the client's
  // False: the proxy speaks for itself (LOCAL, as in health checks) or does not know (UNKNOWN,
  // UNSPEC). The socket's own addresses hold, and those below are unspecified.
  bool proxied = false;
  RawAddress source = {};       // the client; of a Unix socket without credentials
  RawAddress destination = {};  // what the client had connected to
};

enum class ProxyHeaderError : std::uint8_t {
  kMissing,     // the bytes begin with something else, or a version that is not taken
  kMalformed,   // it breaks the specification
  kNotStream,   // the client speaks UDP, or datagrams
  kTooLong,     // over limits::kProxyHeader
  kNotTrusted,  // from somebody who may not send one
  kIncomplete,  // the connection ended within it
};

// "no PROXY header" and so on. Static storage.
[[nodiscard]] std::string_view text_of(ProxyHeaderError error) noexcept;

// Looks at the first bytes of a connection. nullopt: so far they may begin a header, but it is not
// whole; ask again with more. What it says of some bytes does not change when more follow. Bytes
// that cannot become a header are told as soon as they can be, and limits::kProxyHeader bytes are
// always enough. TLVs have to fit and are not looked into. Allocates nothing; any thread.
[[nodiscard]] base::Result<std::optional<ProxyHeader>, ProxyHeaderError> parse_proxy_header(
    std::string_view bytes, ProxyProtocol accepted) noexcept;

}  // namespace berth::net
