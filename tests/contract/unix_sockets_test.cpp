// What a client of a Unix socket sees is what a client over TCP sees, but for the addresses.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;

// A path in a folder of its own, or an abstract name.
struct UnixSockets : ::testing::TestWithParam<bool> {
  UnixSockets() {
    std::string pattern = ::testing::TempDir() + "berth-contract-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    name = GetParam() ? "@berth-contract-" + std::to_string(::getpid()) : folder + "/http.sock";
    test::add_usual_routes(routes);
    routes.add("/ends", [](ResponseWriter& response, Request& request) {
      (void)response.write(std::string(request.connected().remote_address()) + " " +
                           std::string(request.connected().local_address()));
    });
    test::TestServerOptions options;
    options.loops = 2;
    options.address = net::UnixAddress::parse(name).value();
    server.emplace(routes, options);
  }
  ~UnixSockets() override {
    server.reset();
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] RawClient connect() const {
    return RawClient(net::UnixAddress::parse(name).value());
  }

  std::string folder;
  std::string name;
  test::Routes routes;
  std::optional<test::TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(PathAndAbstract, UnixSockets, ::testing::Values(false, true));

TEST_P(UnixSockets, AClientIsItsUserGroupAndProcessAndOurEndIsThePath) {
  RawClient client = connect();
  client.send("GET /ends HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "unix:uid=" + std::to_string(::geteuid()) +
                                          ",gid=" + std::to_string(::getegid()) +
                                          ",pid=" + std::to_string(::getpid()) + " unix:" + name);
}

TEST_P(UnixSockets, PipelinedRequestsAreAnsweredInTheirOrder) {
  RawClient client = connect();
  std::string all;
  for (int i = 0; i < 100; ++i) {
    const std::string body = std::to_string(i);
    all += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  client.send_in_pieces(all, 777);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(client.read_reply().body, std::to_string(i));
}

TEST_P(UnixSockets, AChunkedBodyGoesToAThreadAndComesBack) {
  RawClient client = connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "abcde");
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_P(UnixSockets, AClientThatHalfClosesIsStillAnswered) {
  RawClient client = connect();
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  client.half_close();
  const auto replies = client.read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 200);
}

TEST_P(UnixSockets, ABadRequestGetsItsErrorAndItsEnd) {
  RawClient client = connect();
  client.send("GET /hello HTTP/1.1\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_P(UnixSockets, ADrainAnswersWhatIsUnderWayAndClosesIdleConnections) {
  RawClient idle = connect();
  idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(idle.read_reply().status, 200);
  server->drain();
  EXPECT_TRUE(idle.closed_in_silence());
  EXPECT_TRUE(server->wait_drained());
}

}  // namespace
}  // namespace berth
