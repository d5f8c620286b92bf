// How a host ends, and what does not end it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <string>

#include "base/descriptor.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::string_view kUpload =
    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";

// An upload whose handler waits for the rest of the body.
RawClient half_an_upload(Host& host) {
  RawClient client = host.connect();
  client.send(kUpload);
  EXPECT_EQ(client.read_reply().status, 100);
  client.send("12345");
  return client;
}

bool refuses_connections(std::uint16_t port) {
  const base::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0;
}

void wait_until_port_is_closed(std::uint16_t port) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!refuses_connections(port)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the port stays open";
  }
}

TEST(Signals, SigtermLetsARequestInFlightEndAndClosesThePortAtOnce) {
  Host host(usual());
  RawClient idle = host.connect();
  idle.send("GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.read_reply().status, 200);
  RawClient busy = half_an_upload(host);

  host.child().signal(SIGTERM);
  wait_until_port_is_closed(host.port());
  EXPECT_TRUE(idle.closed_in_silence());
  busy.send("67890");
  const Reply reply = busy.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "1234567890");
  EXPECT_TRUE(reply.whole);
  EXPECT_TRUE(reply.says_close());
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_NE(host.child().err().find(" info stopped "), std::string::npos);
  EXPECT_EQ(host.child().err().find(" warn "), std::string::npos) << host.child().err();
}

TEST(Signals, SigintAndSigquitStopAsSigtermDoes) {
  for (const int signal : {SIGINT, SIGQUIT}) {
    Host host(usual());
    host.child().signal(signal);
    EXPECT_EQ(host.child().wait(), 0);
    EXPECT_NE(host.child().err().find(" info stopped "), std::string::npos);
  }
}

TEST(Signals, ASecondSigtermEndsAtOnce) {
  Host host(usual("timeouts: { shutdown: 1h }\n"));
  RawClient stuck = half_an_upload(host);
  host.child().signal(SIGTERM);
  host.child().wait_for(" info stopping ");
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_NE(host.child().err().find("second signal: connections are cut"), std::string::npos);
  expect_orderly_log(host.child().err());
}

TEST(Signals, ASecondSigtermEndsTheDrainDelayToo) {
  Host host(usual("timeouts: { drain_delay: 1h, shutdown: 1h }\n"));
  RawClient stuck = half_an_upload(host);
  host.child().signal(SIGTERM);
  host.child().wait_for(" info stopping ");
  EXPECT_EQ(host.hello("you"), "hello, you\n");  // whoever balances load has not noticed yet
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_NE(host.child().err().find("second signal: connections are cut"), std::string::npos);
}

TEST(Signals, AHandlerThatNeverReturnsKeepsNeitherTheSecondSignalNorTheOthersWaiting) {
  Host host(std::string(kListen)
                .append("plugins:\n  trouble: { file: " BERTH_TROUBLE_PLUGIN " }\n")
                .append("routes:\n  - { pattern: \"GET /block\", handler: trouble.blocks }\n")
                .append("timeouts: { shutdown: 1h }\n"));
  RawClient stuck = host.connect();
  stuck.send("GET /block HTTP/1.1\r\nHost: h\r\n\r\n");
  host.child().wait_for(" info blocking ");
  host.child().signal(SIGTERM);
  host.child().wait_for(" info stopping ");
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_NE(host.child().err().find("a handler has not returned"), std::string::npos)
      << host.child().err();
  expect_orderly_log(host.child().err());
}

TEST(Signals, TheShutdownDeadlineCutsWhatIsStuckAndSaysSo) {
  Host host(usual("timeouts: { shutdown: 100ms }\n"));
  RawClient stuck = half_an_upload(host);
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_NE(host.child().err().find("timeouts.shutdown is over: connections are cut connections=1"),
            std::string::npos)
      << host.child().err();
  expect_orderly_log(host.child().err());
  EXPECT_TRUE(stuck.closed_in_silence());
}

TEST(Signals, NeitherAGoneClientNorAGoneLogReaderEndsTheHost) {
  Host host(usual());
  const std::uint16_t port = host.port();
  for (int i = 0; i < 10; ++i) {  // replies to nobody
    RawClient gone(port);
    std::string requests;
    for (int j = 0; j < 100; ++j) requests += "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n";
    gone.send(requests);
    gone.reset();
  }
  RawClient upload = half_an_upload(host);
  upload.reset();
  host.child().close_err();
  host.child().signal(SIGHUP);  // a line for nobody
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
}

}  // namespace
}  // namespace berth::e2e
