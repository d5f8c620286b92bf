// An address or a network as it is written in berth.yaml's trusted_proxies. Resolves no names.
#pragma once

#include <string_view>

#include "config/configuration.h"
#include "config/values.h"

namespace berth::config {

// "192.0.2.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32" (RFC 4632 s3.1, RFC 4291 s2.3), and
// "unix" for whoever connects over a Unix socket. An IPv4-mapped IPv6 network is the IPv4 network.
// Refused: bits behind the prefix, brackets, ports, zone ids and host names.
[[nodiscard]] Parsed<Network> parse_network(std::string_view text);

}  // namespace berth::config
