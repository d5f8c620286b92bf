// A worker that owns no loop with a service and a stream over a socket pair, for tests of HTTP/1's
// parts.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/plain_stream.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/pool.h"
#include "sched/worker.h"
#include "serve/service.h"
#include "support/routes.h"

namespace berth::serve::testing {

class H1Fixture : public ::testing::Test {
 protected:
  H1Fixture() { worker_ = pool_.reserve_for_loop(); }
  ~H1Fixture() override {
    pool_.unreserve(*worker_);
    EXPECT_TRUE(
        pool_.stop(base::system_clock(), base::system_clock().now() + std::chrono::seconds(20)));
  }

  // Connected TCP sockets of this process: the stream's end and the client's.
  void connect(Options options = {}) {
    service_ = std::make_unique<Service>(options, root_, base::system_clock(), *log_, counters_);
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    stream_ = std::make_unique<net::PlainStream>(base::Descriptor(ends[0]));
    client_.reset(ends[1]);
  }
  void client_sends(std::string_view bytes) {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Up to so many bytes that are here for the client.
  std::string client_takes(std::size_t most) {
    std::string bytes(most, '\0');
    const ssize_t got = ::recv(client_.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

  static sched::PoolOptions one_loop() {
    sched::PoolOptions options;
    options.loops = 1;
    options.threads = 2;
    return options;
  }

  test::Routes routes_;
  std::unique_ptr<observe::Log> log_ = observe::Log::open({}, base::system_clock()).value();
  observe::Counters counters_{1};
  sched::Pool pool_{one_loop()};
  sched::Worker* worker_ = nullptr;
  Root root_{routes_, 1};
  std::unique_ptr<Service> service_;
  std::unique_ptr<net::PlainStream> stream_;
  base::Descriptor client_;
};

}  // namespace berth::serve::testing
