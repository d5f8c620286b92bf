// A set of networks, and whether an address is in one of them. Not a list of names, and it binds
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "net/raw_address.h"

namespace berth::net {

// Filled by one thread, then read by many. A look-up is a binary search.
class AddressSet {
 public:
  // `prefix` bits of 4 or 16 bytes in network byte order; bits behind it do not matter. An IPv6
  // network does not take IPv4 addresses in, however short its prefix is. REQUIRES: prefix fits.
  void add(std::span<const std::uint8_t> address, std::size_t prefix);
  // Every Unix socket.
  void add_unix() noexcept { has_unix_ = true; }

  // Ports and scopes do not matter; an IPv4-mapped address is an IPv4 one. False if unspecified.
  [[nodiscard]] bool contains(const RawAddress& address) const noexcept;

 private:
  // How many bytes, then these: IPv4 before IPv6.
  using Key = std::array<std::uint8_t, 17>;
  struct Range {
    Key first;
    Key last;
  };

  std::vector<Range> ranges_;  // in order, none within another
  bool has_unix_ = false;
};

}  // namespace berth::net
