// Loopback listeners and clients for the tests of net/: no fixed ports, no waiting beyond poll(2).
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "net/listener.h"
#include "net/wait.h"

namespace berth::net::testing {

// Generous: only a broken test gets there.
inline base::TimePoint soon() { return base::system_clock().now() + std::chrono::seconds(10); }

inline ListenerOptions loopback(const std::string& address = "127.0.0.1:0") {
  ListenerOptions options;
  options.name = "test";
  auto parsed = ListenAddress::parse(address);
  EXPECT_TRUE(parsed.ok()) << address;
  if (parsed) options.address = *parsed;
  return options;
}

// A client connected (blocking socket) to address.
inline base::Descriptor connect_to(const RawAddress& address) {
  base::Descriptor client(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), address.data(), address.size()), 0);
  return client;
}

}  // namespace berth::net::testing
