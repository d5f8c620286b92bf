// Where a listener listens: ":8080", "127.0.0.1:8080", "[::1]:8080". IP literals only, never names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <Poco/Net/SocketAddress.h>

#include "base/result.h"
#include "net/raw_address.h"

namespace berth::net {

// A value; any thread.
class ListenAddress {
 public:
  // ":0", every address, a port the kernel chooses.
  ListenAddress() noexcept;

  // "[HOST]:PORT" as Go's net.Listen takes it: HOST empty (every address, IPv6 and IPv4), an IPv4
  // literal, or an IPv6 literal in brackets, with "%SCOPE" (number or interface) if link-local.
  // PORT is decimal, 0..65535. Errors: kInvalidArgument, the text quotes the input and says what
  // is wrong with it.
  [[nodiscard]] static base::Result<ListenAddress> parse(std::string_view text);

  // True for ":8080": dual-stack where the system has IPv6, IPv4 alone where it has not.
  [[nodiscard]] bool every_address() const noexcept { return every_address_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return raw_.port(); }
  // For every_address() the unspecified IPv6 address "::".
  [[nodiscard]] const RawAddress& raw() const noexcept { return raw_; }
  [[nodiscard]] Poco::Net::SocketAddress socket_address() const;
  // As parse() takes it: ":8080", "127.0.0.1:8080", "[::1]:8080".
  [[nodiscard]] std::string text() const;

 private:
  ListenAddress(const RawAddress& raw, bool every_address) noexcept
      : raw_(raw), every_address_(every_address) {}

  RawAddress raw_;
  bool every_address_ = true;
};

}  // namespace berth::net
