#include "serve/client.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "base/limits.h"
#include "http/forwarded.h"
#include "http/token.h"

namespace berth::serve {

namespace {

using Elements = http::ElementsFromTheEnd;

std::string_view known_scheme(std::string_view text) noexcept {
  if (http::equal_ignoring_case(text, "https")) return "https";
  if (http::equal_ignoring_case(text, "http")) return "http";
  return {};
}

std::optional<net::RawAddress> address_of(const http::ForwardedNode& node) noexcept {
  return net::RawAddress::parse(node.host, node.port);
}

Client find_x_forwarded(std::span<const http::Field> fields, const TrustedProxies& trusted,
                        const net::RawAddress& remote) noexcept {
  Client client{remote, {}};
  std::size_t hops = 0;
  for (Elements list(fields, "x-forwarded-for", Elements::Quotes::kNone);
       hops < base::limits::kForwardedHops && trusted.addresses.contains(client.address) &&
       list.next();
       ++hops) {
    const auto node = http::parse_x_forwarded_for(list.element());
    const auto address = node ? address_of(*node) : std::nullopt;
    if (!address) break;
    client.address = *address;
  }
  Elements list(fields, "x-forwarded-proto", Elements::Quotes::kNone);
  for (std::size_t left = std::max<std::size_t>(hops, 1); left > 0 && list.next(); --left) {
    client.scheme = known_scheme(list.element());
  }
  return client;
}

Client find_forwarded(std::span<const http::Field> fields, const TrustedProxies& trusted,
                      const net::RawAddress& remote) noexcept {
  Client client{remote, {}};
  std::array<char, http::kForwardedScratch> scratch;
  std::size_t hops = 0;
  for (Elements list(fields, "forwarded", Elements::Quotes::kHide);
       hops < base::limits::kForwardedHops && trusted.addresses.contains(client.address) &&
       list.next();
       ++hops) {
    const auto element = http::parse_forwarded_element(list.element(), scratch);
    if (!element) break;
    std::optional<net::RawAddress> address;
    if (element->forwarded_for) {
      const auto node = http::parse_forwarded_node(*element->forwarded_for);
      if (node) address = address_of(*node);
      if (!node || (!address && !node->host.empty())) break;
    }
    if (element->proto) {
      const std::string_view scheme = known_scheme(*element->proto);
      if (!scheme.empty()) client.scheme = scheme;
    }
    if (!address) break;
    client.address = *address;
  }
  return client;
}

}  // namespace

Client find_client(std::span<const http::Field> fields, const TrustedProxies& trusted,
                   const net::RawAddress& remote) noexcept {
  if (!trusted.addresses.contains(remote)) return {remote, {}};
  return trusted.fields == TrustedProxies::Fields::kForwarded
             ? find_forwarded(fields, trusted, remote)
             : find_x_forwarded(fields, trusted, remote);
}

}  // namespace berth::serve
