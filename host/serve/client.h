// Who the client of a request is where proxies stand in front: what those that are trusted wrote
// about it. Nothing here is known of sockets; fields stay as they came.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/fields.h"
#include "net/address_set.h"
#include "net/raw_address.h"

namespace berth::serve {

// Whom a listener believes, and where they write. One family of fields and never both: a proxy that
// sets one passes on what its client wrote into the other.
struct TrustedProxies {
  enum class Fields : std::uint8_t {
    kXForwarded,  // X-Forwarded-For, X-Forwarded-Proto
    kForwarded,   // Forwarded, RFC 7239
  };
  net::AddressSet addresses;
  Fields fields = Fields::kXForwarded;
};

struct Client {
  net::RawAddress address;  // port 0: it was not told
  std::string_view scheme;  // "http" or "https", static; empty: not told
};

// `remote` is the connection's: who sent the fields. From there it goes outward, one element for
// each proxy, as long as the address it is at is trusted: the first that is not is the client (as
// nginx does by real_ip_recursive, Caddy by trusted_proxies_strict). It stops, and the last address
// stands, at an element that is malformed or names no address ("unknown", "_hidden"), after
// limits::kForwardedHops elements, and where there are no more.
//
// The scheme is the one by which the client spoke to its proxy: of the same element (Forwarded), of
// the element at the same place from the end (X-Forwarded-Proto), or of the outermost one that told
// where there are fewer. Other schemes than http and https count as not told. Allocates nothing.
[[nodiscard]] Client find_client(std::span<const http::Field> fields, const TrustedProxies& trusted,
                                 const net::RawAddress& remote) noexcept;

}  // namespace berth::serve
