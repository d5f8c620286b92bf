#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "net/acceptor.h"
#include "net/descriptor_limit.h"
#include "unit/net/loopback.h"

namespace berth::net {
namespace {

using testing::connect_to;
using testing::loopback;

int option_of(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

// A socket that holds a port without listening, as a foreign process would.
base::Descriptor bound(const RawAddress& address) {
  base::Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::bind(socket.get(), address.data(), address.size()), 0);
  return socket;
}

bool has_ipv6() {
  const auto listener = Listener::open(loopback("[::1]:0"));
  return listener.ok();
}

TEST(Listener, PortZeroBecomesTheRealPort) {
  const auto listener = Listener::open(loopback());
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  EXPECT_NE(listener->address().port(), 0);
  EXPECT_EQ(listener->text(), "127.0.0.1:" + std::to_string(listener->address().port()));
  EXPECT_EQ(listener->name(), "test");
  EXPECT_TRUE(connect_to(listener->address()));
}

TEST(Listener, IsCloseOnExecNonBlockingAndTakesItsPortAlone) {
  const auto listener = Listener::open(loopback());
  ASSERT_TRUE(listener.ok());
  const int fd = listener->fd();
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEADDR), 1);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 0);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST(Listener, SetsItsOptions) {
  ListenerOptions options = loopback();
  options.reuse_address = false;
  options.reuse_port = true;
  options.free_bind = true;
  options.defer_accept = true;
  options.receive_buffer = 20000;
  options.send_buffer = 30000;
  const auto listener = Listener::open(options);
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  const int fd = listener->fd();
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEADDR), 0);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_REUSEPORT), 1);
  EXPECT_EQ(option_of(fd, IPPROTO_IP, IP_FREEBIND), 1);
  EXPECT_GT(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_RCVBUF), 40000);  // the kernel doubles: socket(7)
  EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_SNDBUF), 60000);
}

TEST(Listener, WhatIsAcceptedHasNoDelayAndKeepAlive) {
  auto opened = Listener::open(loopback());
  ASSERT_TRUE(opened.ok());
  base::Descriptor foreign = bound(loopback().address.raw());
  ASSERT_EQ(::listen(foreign.get(), 1), 0);
  auto adopted = Listener::adopt("handed", foreign.release());
  ASSERT_TRUE(adopted.ok()) << adopted.error().text;
  for (const Listener* listener : {&*opened, &*adopted}) {
    const base::Descriptor client = connect_to(listener->address());
    Acceptor acceptor;
    AcceptOutcome outcome = acceptor.accept(listener->fd(), base::TimePoint());
    ASSERT_EQ(outcome.status, AcceptStatus::kAccepted);
    const int fd = outcome.descriptor.get();
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), 15);
    EXPECT_EQ(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
  }
}

TEST(Listener, ASecondOneOnThePortIsAClearError) {
  const auto first = Listener::open(loopback());
  ASSERT_TRUE(first.ok());
  const auto second = Listener::open(loopback(first->text()));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::ErrorCode::kAlreadyInUse);
  const std::string port = std::to_string(first->address().port());
  EXPECT_EQ(second.error().text,
            "listener \"test\": cannot listen at " + first->text() + ": Address already in use");
  EXPECT_EQ(second.error().help, "another process listens there: `ss -ltnp 'sport = :" + port +
                                     "'` as root shows which");
}

TEST(Listener, APortThatIsOnlyBoundIsTakenToo) {
  const base::Descriptor holder = bound(loopback().address.raw());
  const RawAddress address = RawAddress::local_of(holder.get());
  const auto listener = Listener::open(loopback(address.text()));
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, base::ErrorCode::kAlreadyInUse);
}

TEST(Listener, AnAddressOfNoInterfaceIsAClearError) {
  // 192.0.2.0/24 is for documentation (RFC 5737).
  const auto listener = Listener::open(loopback("192.0.2.1:0"));
  ASSERT_FALSE(listener.ok());
  EXPECT_EQ(listener.error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(listener.error().help.starts_with("no interface of this machine has that address"))
      << listener.error().help;
}

TEST(Listener, AnyAddressIsDualStackAndShowsIpv4ClientsAsSuch) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const auto listener = Listener::open(loopback(":0"));
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  EXPECT_EQ(listener->address().family(), AF_INET6);
  EXPECT_EQ(option_of(listener->fd(), IPPROTO_IPV6, IPV6_V6ONLY), 0);
  const std::string port = std::to_string(listener->address().port());
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    const auto target = ListenAddress::parse(host + ":" + port);
    ASSERT_TRUE(target.ok());
    const base::Descriptor client = connect_to(target->raw());
    ASSERT_EQ(wait_readable(listener->fd(), testing::soon()), WaitResult::kReady);
    const base::Descriptor accepted(::accept4(listener->fd(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_EQ(RawAddress::local_of(accepted.get()).text(), host + ":" + port);
  }
}

TEST(Listener, AnIpv6AddressOrOnlyIpv6LeavesIpv4Alone) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  ListenerOptions only_ipv6 = loopback(":0");
  only_ipv6.only_ipv6 = true;
  for (const ListenerOptions& options : {only_ipv6, loopback("[::]:0")}) {
    const auto listener = Listener::open(options);
    ASSERT_TRUE(listener.ok()) << listener.error().text;
    EXPECT_EQ(option_of(listener->fd(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
  }
}

TEST(Listener, MovesWithItsDescriptorAndClosesOnce) {
  auto opened = Listener::open(loopback());
  ASSERT_TRUE(opened.ok());
  Listener first = std::move(*opened);
  const int fd = first.fd();
  Listener second = std::move(first);
  EXPECT_EQ(second.fd(), fd);
  auto other = Listener::open(loopback());
  ASSERT_TRUE(other.ok());
  const int other_fd = other->fd();
  second = std::move(*other);
  EXPECT_EQ(second.fd(), other_fd);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  second.close();
  second.close();
  EXPECT_EQ(second.fd(), -1);
  EXPECT_EQ(::fcntl(other_fd, F_GETFD), -1);
}

TEST(Listener, AdoptsAListeningSocketAndMakesItCloseOnExec) {
  auto original = Listener::open(loopback());
  ASSERT_TRUE(original.ok());
  const int handed_down = ::dup(original->fd());
  auto adopted = Listener::adopt("handed", handed_down);
  ASSERT_TRUE(adopted.ok()) << adopted.error().text;
  EXPECT_EQ(adopted->text(), original->text());
  EXPECT_NE(::fcntl(adopted->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(adopted->fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(Listener, AdoptRefusesAndClosesWhatDoesNotListen) {
  base::Descriptor holder = bound(loopback().address.raw());
  const int fd = holder.release();
  const auto adopted = Listener::adopt("handed", fd);
  ASSERT_FALSE(adopted.ok());
  EXPECT_EQ(adopted.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  EXPECT_FALSE(Listener::adopt("handed", -1).ok());
}

TEST(DefaultBacklog, IsWhatTheKernelSays) {
  std::ifstream file("/proc/sys/net/core/somaxconn");
  int expected = SOMAXCONN;
  file >> expected;
  EXPECT_EQ(default_backlog(), expected);
}

TEST(DescriptorLimit, SoftLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit lowered = before;
  lowered.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  const auto raised = raise_descriptor_limit();
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(raised.ok());
  EXPECT_EQ(raised->before, 64U);
  EXPECT_EQ(raised->after, before.rlim_max);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
}

}  // namespace
}  // namespace berth::net
