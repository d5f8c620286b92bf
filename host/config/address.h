// The address of a TCP listener as it is written in berth.yaml. Resolves no names and opens
// nothing.
#pragma once

#include <string_view>

#include "config/configuration.h"
#include "config/values.h"

namespace berth::config {

// ":8080" (all IPv4 and IPv6 addresses), "127.0.0.1:8080", "[::1]:8080". The port is 0 to 65535
// without leading zeros, 0 lets the kernel choose. Host names and zone ids (%eth0) are refused.
[[nodiscard]] Parsed<TcpAddress> parse_address(std::string_view text);

// Whether two TCP listeners cannot both bind: same port, not 0, and a host in common. ":P" and
// "[::]:P" take the IPv4 addresses too unless only_ipv6 (Linux, bind(2) with SO_REUSEADDR on both).
[[nodiscard]] bool overlap(const Listener& a, const Listener& b) noexcept;

}  // namespace berth::config
