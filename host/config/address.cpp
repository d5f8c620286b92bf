#include "config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "config/printable.h"

namespace berth::config {

namespace {

constexpr std::string_view kHelp = "write :8080, 127.0.0.1:8080 or [::1]:8080";
constexpr std::int64_t kLargestPort = 65535;

base::Failure<Misspelling> wrong(std::string what, std::string_view help = kHelp) {
  return base::fail(Misspelling{std::move(what), std::string(help)});
}

// The canonical text of an IP literal (RFC 5952 for IPv6), or nullopt.
std::optional<std::string> canonical(int family, std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (inet_pton(family, std::string(host).c_str(), bytes.data()) != 1) return std::nullopt;
  if (inet_ntop(family, bytes.data(), text.data(), text.size()) == nullptr) return std::nullopt;
  return std::string(text.data());
}

bool takes_ipv4(const Listener& listener) noexcept {
  switch (listener.address.family) {
    case TcpAddress::Family::kIpv4:
      return true;
    case TcpAddress::Family::kAny:
      return !listener.socket.only_ipv6;
    case TcpAddress::Family::kIpv6:
      return !listener.socket.only_ipv6 && listener.address.host == "::";
  }
  return false;
}

bool takes_ipv6(const Listener& listener) noexcept {
  return listener.address.family != TcpAddress::Family::kIpv4;
}

bool is_wildcard(const TcpAddress& address) noexcept {
  return address.host.empty() || address.host == "::" || address.host == "0.0.0.0";
}

}  // namespace

std::string TcpAddress::text() const {
  const std::string shown = family == Family::kIpv6 ? "[" + host + "]" : host;
  return shown + ":" + std::to_string(port);
}

Parsed<TcpAddress> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong(quote(text) + " has no port");
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (port.find(']') != std::string_view::npos) return wrong(quote(text) + " has no port");

  TcpAddress address;
  const auto number = parse_integer(port);
  if (!number || *number < 0 || *number > kLargestPort || port.front() == '-') {
    return wrong(quote(port) + " is not a port", "a port is a number from 0 to 65535");
  }
  address.port = static_cast<std::uint16_t>(*number);
  if (host.empty()) return address;

  if (host.starts_with('[') && host.ends_with(']')) {
    const std::string_view literal = host.substr(1, host.size() - 2);
    if (literal.find('%') != std::string_view::npos) {
      return wrong("zone ids such as %eth0 are not supported",
                   "listen on [::] or a global address");
    }
    auto found = canonical(AF_INET6, literal);
    if (!found) return wrong(quote(host) + " is not an IPv6 address");
    address.family = TcpAddress::Family::kIpv6;
    address.host = std::move(*found);
    return address;
  }
  if (host.find(':') != std::string_view::npos) {
    return wrong("the IPv6 address in " + quote(text) + " has no brackets",
                 "write it as [::1]:8080");
  }
  auto found = canonical(AF_INET, host);
  if (!found) {
    const bool numeric = host.find_first_not_of("0123456789.") == std::string_view::npos;
    return numeric ? wrong(quote(host) + " is not an IPv4 address")
                   : wrong(quote(host) + " is not an IP address; names are not resolved");
  }
  address.family = TcpAddress::Family::kIpv4;
  address.host = std::move(*found);
  return address;
}

bool overlap(const Listener& a, const Listener& b) noexcept {
  if (a.kind != Listener::Kind::kTcp || b.kind != Listener::Kind::kTcp) return false;
  if (a.address.port != b.address.port || a.address.port == 0) return false;
  const bool same_family = (takes_ipv4(a) && takes_ipv4(b)) || (takes_ipv6(a) && takes_ipv6(b));
  if (!same_family) return false;
  return is_wildcard(a.address) || is_wildcard(b.address) || a.address.host == b.address.host;
}

}  // namespace berth::config
