#include "net/address_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace berth::net {
namespace {

RawAddress address(std::string_view host) { return RawAddress::parse(host, 4711).value(); }

struct Network {
  std::string_view host;
  std::size_t prefix;
};

AddressSet set_of(const std::vector<Network>& networks) {
  AddressSet set;
  for (const Network& network : networks) set.add(address(network.host).bytes(), network.prefix);
  return set;
}

TEST(AddressSet, HoldsWhatLiesInItsNetworks) {
  const AddressSet set = set_of({{"10.0.0.0", 8},
                                 {"192.0.2.128", 25},
                                 {"198.51.100.7", 32},
                                 {"2001:db8::", 33},
                                 {"fd00::1", 128}});
  for (const std::string_view host :
       {"10.0.0.0", "10.255.255.255", "192.0.2.128", "192.0.2.255", "198.51.100.7",
        "::ffff:10.1.2.3", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff", "fd00::1"}) {
    EXPECT_TRUE(set.contains(address(host))) << host;
  }
  for (const std::string_view host :
       {"9.255.255.255", "11.0.0.0", "192.0.2.127", "198.51.100.6", "198.51.100.8", "::10.0.0.1",
        "a00::", "2001:db8:8000::", "2001:db7:ffff::", "fd00::", "fd00::2", "::"}) {
    EXPECT_FALSE(set.contains(address(host))) << host;
  }
}

TEST(AddressSet, OfNothingHoldsNobody) {
  const AddressSet set;
  EXPECT_FALSE(set.contains(address("127.0.0.1")));
  EXPECT_FALSE(set.contains(address("::1")));
  EXPECT_FALSE(set.contains(RawAddress()));
  EXPECT_FALSE(set.contains(RawAddress::unix_peer_of(-1)));
}

TEST(AddressSet, EveryAddressOfOneFamilyIsNoneOfTheOther) {
  const AddressSet every_v4 = set_of({{"0.0.0.0", 0}});
  const AddressSet every_v6 = set_of({{"::", 0}});
  EXPECT_TRUE(every_v4.contains(address("255.255.255.255")));
  EXPECT_FALSE(every_v4.contains(address("2001:db8::1")));
  EXPECT_TRUE(every_v6.contains(address("ffff::")));
  EXPECT_FALSE(every_v6.contains(address("192.0.2.1")));
  EXPECT_FALSE(every_v6.contains(address("::ffff:192.0.2.1"))) << "it is an IPv4 address";
  EXPECT_FALSE(every_v6.contains(RawAddress()));
}

TEST(AddressSet, HoldsUnixSocketsIfItIsToldTo) {
  AddressSet set;
  set.add_unix();
  EXPECT_TRUE(set.contains(RawAddress::unix_peer_of(-1)));
  EXPECT_FALSE(set.contains(address("127.0.0.1")));
}

TEST(AddressSet, IsTheSameInWhateverOrderItIsFilled) {
  std::vector<Network> networks{{"10.1.2.3", 32}, {"10.0.0.0", 8}, {"10.1.0.0", 16},
                                {"10.1.0.0", 16}, {"11.0.0.0", 8}, {"9.9.9.9", 24}};
  const auto by_host = [](const Network& a, const Network& b) {
    return a.host < b.host || (a.host == b.host && a.prefix < b.prefix);
  };
  std::sort(networks.begin(), networks.end(), by_host);
  do {
    const AddressSet set = set_of(networks);
    for (const std::string_view in : {"9.9.9.0", "10.0.0.0", "10.1.2.3", "10.1.2.4", "11.9.9.9"}) {
      ASSERT_TRUE(set.contains(address(in))) << in;
    }
    for (const std::string_view out : {"9.9.8.255", "9.9.10.0", "12.0.0.0"}) {
      ASSERT_FALSE(set.contains(address(out))) << out;
    }
  } while (std::next_permutation(networks.begin(), networks.end(), by_host));
}

}  // namespace
}  // namespace berth::net
