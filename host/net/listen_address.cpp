#include "net/listen_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <optional>
#include <utility>

namespace berth::net {

namespace {

base::Failure<base::Error> refuse(std::string_view text, std::string_view why) {
  std::string message = "listen address \"";
  message.append(text).append("\": ").append(why);
  return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
}

// Decimal digits only, no sign, up to max.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) noexcept {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value > max) return std::nullopt;
  return value;
}

RawAddress v6_address(const in6_addr& address, std::uint16_t port, std::uint32_t scope) noexcept {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_addr = address;
  raw.sin6_port = htons(port);
  raw.sin6_scope_id = scope;
  return RawAddress::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
}

RawAddress v4_address(const in_addr& address, std::uint16_t port) noexcept {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_addr = address;
  raw.sin_port = htons(port);
  return RawAddress::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
}

// "%SCOPE": the number of an interface, or its name as it is now.
std::optional<std::uint32_t> parse_scope(const std::string& scope) noexcept {
  if (const auto number = parse_number(scope, UINT32_MAX)) return number;
  const unsigned index = if_nametoindex(scope.c_str());
  if (index == 0) return std::nullopt;
  return index;
}

}  // namespace

ListenAddress::ListenAddress() noexcept : raw_(v6_address(in6addr_any, 0, 0)) {}

base::Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse(text, "no port; write \":8080\" or \"127.0.0.1:8080\"");
  }
  if (text.find('\0') != std::string_view::npos) return refuse(text, "has a NUL in it");
  const auto port_number = parse_number(text.substr(colon + 1), UINT16_MAX);
  if (!port_number) return refuse(text, "the port is no number from 0 to 65535");
  const auto port = static_cast<std::uint16_t>(*port_number);
  std::string_view host = text.substr(0, colon);

  if (host.empty()) return ListenAddress(v6_address(in6addr_any, port, 0), true);
  if (host.front() != '[') {
    if (host.find(':') != std::string_view::npos) {
      return refuse(text, "an IPv6 address stands in brackets: \"[::1]:8080\"");
    }
    in_addr address{};
    if (inet_pton(AF_INET, std::string(host).c_str(), &address) != 1) {
      return refuse(text, "the host is no IP address (names are not looked up)");
    }
    return ListenAddress(v4_address(address, port), false);
  }

  if (host.back() != ']') return refuse(text, "the bracket is not closed before the port");
  host = host.substr(1, host.size() - 2);
  std::uint32_t scope = 0;
  if (const std::size_t percent = host.find('%'); percent != std::string_view::npos) {
    const auto parsed = parse_scope(std::string(host.substr(percent + 1)));
    if (!parsed) return refuse(text, "there is no interface of that name after the \"%\"");
    scope = *parsed;
    host = host.substr(0, percent);
  }
  in6_addr address{};
  if (inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) {
    return refuse(text, "what stands in the brackets is no IPv6 address");
  }
  return ListenAddress(v6_address(address, port, scope), false);
}

Poco::Net::SocketAddress ListenAddress::socket_address() const {
  return Poco::Net::SocketAddress(raw_.data(), raw_.size());
}

std::string ListenAddress::text() const {
  if (every_address_) return ":" + std::to_string(port());
  return raw_.text();
}

}  // namespace berth::net
