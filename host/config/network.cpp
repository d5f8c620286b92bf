#include "config/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "config/printable.h"
#include "config/suggest.h"

namespace berth::config {

namespace {

constexpr std::string_view kHelp = "write 192.0.2.1, 10.0.0.0/8, 2001:db8::/32 or unix";
constexpr std::size_t kMappedBits = 96;  // of ::ffff:0:0/96, RFC 4291 s2.5.5.2

base::Failure<Misspelling> wrong(std::string what, std::string_view help = kHelp,
                                 std::string suggestion = {}) {
  return base::fail(Misspelling{std::move(what), std::string(help), std::move(suggestion)});
}

std::optional<Network> parse_host(const std::string& host) {
  Network network;
  if (inet_pton(AF_INET, host.c_str(), network.address.data()) == 1) {
    network.family = Network::Family::kIpv4;
    return network;
  }
  if (inet_pton(AF_INET6, host.c_str(), network.address.data()) != 1) return std::nullopt;
  network.family = Network::Family::kIpv6;
  return network;
}

base::Failure<Misspelling> no_host(std::string_view text, std::string_view host) {
  if (host.starts_with('[')) {
    return wrong(quote(text) + " has brackets", "write the IPv6 address without: 2001:db8::1");
  }
  if (host.find('%') != std::string_view::npos) {
    return wrong("zone ids such as %eth0 are not supported", "fe80::/10 is every such address");
  }
  const std::size_t colon = host.find(':');
  const bool has_port = colon != std::string_view::npos && colon == host.rfind(':') &&
                        host.find('.') != std::string_view::npos;
  if (has_port) return wrong(quote(text) + " has a port", "write the address alone");
  constexpr std::array<std::string_view, 1> kWords{"unix"};
  const std::string meant = nearest(text, kWords);
  const bool numeric = host.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
  return wrong(quote(text) + " is not an address or a network" +
                   (numeric || !meant.empty() ? "" : "; names are not resolved"),
               kHelp, meant);
}

// Clears the bits behind the prefix; whether there were any.
bool clear_behind_prefix(Network& network) {
  bool any = false;
  for (std::size_t i = 0; i < network.bytes(); ++i) {
    const std::size_t kept =
        std::min<std::size_t>(network.prefix - std::min(network.prefix, 8 * i), 8);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
    any = any || (network.address[i] & static_cast<std::uint8_t>(~mask)) != 0;
    network.address[i] = static_cast<std::uint8_t>(network.address[i] & mask);
  }
  return any;
}

bool is_mapped(const Network& network) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return network.family == Network::Family::kIpv6 && network.prefix >= kMappedBits &&
         std::equal(kMapped.begin(), kMapped.end(), network.address.begin());
}

}  // namespace

std::string Network::text() const {
  if (family == Family::kUnix) return "unix";
  std::array<char, INET6_ADDRSTRLEN> host{};
  inet_ntop(family == Family::kIpv4 ? AF_INET : AF_INET6, address.data(), host.data(), host.size());
  std::string result(host.data());
  if (prefix < 8 * bytes()) result += "/" + std::to_string(prefix);
  return result;
}

Parsed<Network> parse_network(std::string_view text) {
  if (text == "unix") return Network();
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  auto network = parse_host(std::string(host));
  if (!network || host.find('\0') != std::string_view::npos) return no_host(text, host);
  const std::size_t bits = 8 * network->bytes();
  network->prefix = bits;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(slash + 1);
    const auto number = parse_integer(prefix);
    if (!number || *number < 0 || prefix.front() == '-' ||
        static_cast<std::size_t>(*number) > bits) {
      return wrong(quote(prefix) + " is not a prefix",
                   "a prefix is a number from 0 to " + std::to_string(bits));
    }
    network->prefix = static_cast<std::size_t>(*number);
    if (clear_behind_prefix(*network)) {
      return wrong(quote(text) + " has bits behind its prefix", "", network->text());
    }
  }
  if (is_mapped(*network)) {
    std::copy(network->address.begin() + 12, network->address.end(), network->address.begin());
    std::fill(network->address.begin() + 4, network->address.end(), std::uint8_t{0});
    network->family = Network::Family::kIpv4;
    network->prefix -= kMappedBits;
  }
  return *network;
}

}  // namespace berth::config
