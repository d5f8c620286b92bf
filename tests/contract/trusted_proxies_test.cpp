// A listener with trusted_proxies: requests are those of the client that trusted proxies name, in
// the handler and in the access log; anybody else's word is a field like any other.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "observe/access_log.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using Fields = serve::TrustedProxies::Fields;

struct TrustedProxies : ::testing::Test {
  TrustedProxies() {
    routes.add("/client", [](ResponseWriter& response, Request& request) {
      (void)response.write(std::string(request.remote_address()) + " " +
                           std::string(request.scheme()) + " " +
                           std::string(request.field("X-Forwarded-For").value_or("-")));
    });
    test::add_usual_routes(routes);
  }
  // Trusts 127.0.0.0/8 and 10.0.0.0/8, or only what is told.
  void start(Fields fields = Fields::kXForwarded, std::string_view network = "127.0.0.0") {
    options.trusted_proxies.emplace();
    options.trusted_proxies->fields = fields;
    options.trusted_proxies->addresses.add(net::RawAddress::parse(network, 0)->bytes(), 8);
    options.trusted_proxies->addresses.add(net::RawAddress::parse("10.0.0.0", 0)->bytes(), 8);
    server.emplace(routes, options);
  }
  static std::string ask(RawClient& client, const std::string& fields) {
    EXPECT_TRUE(client.send("GET /client HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"));
    return client.read_reply().body;
  }

  test::Routes routes;
  test::TestServerOptions options;
  std::optional<test::TestServer> server;
};

TEST_F(TrustedProxies, EachRequestOfAConnectionHasTheClientItsProxyNames) {
  start();
  RawClient proxy = server->connect();
  EXPECT_EQ(ask(proxy, "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"),
            "203.0.113.7:0 https 203.0.113.7");
  EXPECT_EQ(ask(proxy, "X-Forwarded-For: 1.1.1.1, 2001:db8::1, 10.1.1.1\r\n"),
            "[2001:db8::1]:0 http 1.1.1.1, 2001:db8::1, 10.1.1.1");
  EXPECT_TRUE(ask(proxy, "").starts_with("127.0.0.1:"));
}

TEST_F(TrustedProxies, ForwardedIsReadWhereTheListenerSaysSo) {
  start(Fields::kForwarded);
  RawClient proxy = server->connect();
  EXPECT_EQ(ask(proxy, "Forwarded: for=\"[2001:db8::1]:4711\";proto=https\r\n"),
            "[2001:db8::1]:4711 https -");
  EXPECT_TRUE(ask(proxy, "X-Forwarded-For: 203.0.113.7\r\n").starts_with("127.0.0.1:"));
}

TEST_F(TrustedProxies, WhoIsNotTrustedIsTheClientWhateverTheyWrite) {
  start(Fields::kXForwarded, "11.0.0.0");
  RawClient client = server->connect();
  const std::string text =
      ask(client, "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n");
  EXPECT_TRUE(text.starts_with("127.0.0.1:")) << text;
  EXPECT_TRUE(text.ends_with(" http 203.0.113.7")) << text;
}

TEST_F(TrustedProxies, AThreadOfItsOwnSeesTheSame) {
  routes.add("/slow", [](ResponseWriter& response, Request& request) {
    (void)test::read_body(request);
    (void)response.write(std::string(request.remote_address()) + " " +
                         std::string(request.scheme()));
  });
  start();
  RawClient proxy = server->connect();
  ASSERT_TRUE(
      proxy.send("POST /slow HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.7\r\n"
                 "X-Forwarded-Proto: https\r\nTransfer-Encoding: chunked\r\n\r\n"));
  ASSERT_TRUE(proxy.send("3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_EQ(proxy.read_reply().body, "203.0.113.7:0 https");
}

TEST_F(TrustedProxies, OnlyTheyMaySendAProxyHeaderAndItsSourceIsJudgedInTurn) {
  options.proxy_protocol = net::ProxyProtocol::kV1;
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n"));
  EXPECT_EQ(ask(client, "X-Forwarded-For: 1.1.1.1\r\n"), "203.0.113.7:4711 http 1.1.1.1");
  RawClient chain = server->connect();
  ASSERT_TRUE(chain.send("PROXY TCP4 10.0.0.5 198.51.100.1 4711 443\r\n"));
  EXPECT_EQ(ask(chain, "X-Forwarded-For: 1.1.1.1\r\n"), "1.1.1.1:0 http 1.1.1.1");
  server.reset();
  start(Fields::kXForwarded, "11.0.0.0");
  RawClient stranger = server->connect();
  EXPECT_TRUE(stranger.closed_in_silence());
  EXPECT_EQ(server->count(observe::Counter::kProxyHeadersRefused), 1U);
}

TEST_F(TrustedProxies, AUnixPeerIsTrustedAsUnix) {
  options.address = net::UnixAddress::parse("@berth-trusted-" + std::to_string(::getpid())).value();
  for (const bool trusted : {false, true}) {
    options.trusted_proxies.emplace();
    if (trusted) options.trusted_proxies->addresses.add_unix();
    server.emplace(routes, options);
    RawClient proxy(*options.address);
    const std::string text = ask(proxy, "X-Forwarded-For: 203.0.113.7\r\n");
    EXPECT_TRUE(text.starts_with(trusted ? "203.0.113.7:0 " : "unix:uid=")) << text;
    server.reset();
  }
}

TEST_F(TrustedProxies, TheAccessLogShowsTheClient) {
  std::string name = ::testing::TempDir() + "berth-access-XXXXXX";
  const base::Descriptor file(::mkstemp(name.data()));
  ASSERT_TRUE(file);
  observe::LogOptions log_options;
  log_options.level = observe::Level::kError;
  const auto log = observe::Log::open(log_options, base::system_clock()).value();
  observe::AccessLogOptions access_options;
  access_options.writer.output = name;
  const auto access = observe::AccessLog::open(access_options, *log, base::system_clock()).value();
  start();
  server->on_loop(0, [&](sched::Worker&) { server->service().set_access_log(access.get()); });
  RawClient proxy = server->connect();
  (void)ask(proxy, "X-Forwarded-For: 203.0.113.7:4711\r\n");
  (void)ask(proxy, "X-Forwarded-For: 2001:db8::1, 10.0.0.2\r\n");
  (void)ask(proxy, "");
  server.reset();
  EXPECT_TRUE(access->stop(std::chrono::seconds(10)));
  std::ifstream lines(name);
  for (const std::string_view remote : {"203.0.113.7", "2001:db8::1", "127.0.0.1"}) {
    std::string line;
    std::getline(lines, line);
    EXPECT_TRUE(line.starts_with(std::string(remote) + " - - [")) << line;
  }
  ::unlink(name.c_str());
}

}  // namespace
}  // namespace berth
