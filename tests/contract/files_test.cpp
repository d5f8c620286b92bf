// Bodies out of files: what is sent is the file's bytes, whatever the framing and the client's
// pace.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <future>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using serve::IoError;
using serve::IoStatus;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

constexpr std::uint64_t kSize = 3'000'000;

struct Files : ::testing::Test {
  Files() {
    // As the host does for its threads: sendfile(2) knows no MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    std::string name = ::testing::TempDir() + "berth-files-XXXXXX";
    file = base::Descriptor(::mkstemp(name.data()));
    ::unlink(name.c_str());
    for (std::uint64_t i = 0; i < kSize; ++i) content += static_cast<char>('a' + i * i % 26);
    std::size_t written = 0;
    while (written < content.size()) {
      const ssize_t put = ::write(file.get(), content.data() + written, content.size() - written);
      if (put <= 0) break;
      written += static_cast<std::size_t>(put);
    }
    EXPECT_EQ(written, content.size());
    test::add_usual_routes(routes);
  }
  ~Files() override { std::signal(SIGPIPE, SIG_DFL); }

  // Serves a part of the file at /file.
  void start(std::uint64_t offset, std::uint64_t size, bool with_length = true) {
    routes.add("/file", [=, this](ResponseWriter& response, Request&) {
      if (with_length) (void)response.set_field("Content-Length", std::to_string(size));
      EXPECT_TRUE(response.send_file(file.get(), offset, size));
    });
    server.emplace(routes, options);
    client.emplace(server->connect());
  }
  Reply get(std::string_view method = "GET", std::string_view version = "HTTP/1.1",
            std::string_view path = "/file") {
    EXPECT_TRUE(client->send(std::string(method).append(" ").append(path).append(" ").append(
        std::string(version).append("\r\nHost: h\r\n\r\n"))));
    return client->read_reply(method == "HEAD");
  }

  base::Descriptor file;
  std::string content;
  Routes routes;
  test::TestServerOptions options;
  std::optional<TestServer> server;
  std::optional<RawClient> client;
};

TEST_F(Files, AreSentWholeOnAConnectionThatLives) {
  start(0, kSize);
  for (int i = 0; i < 3; ++i) {
    const Reply reply = get();
    EXPECT_TRUE(reply.has("Content-Length", std::to_string(kSize)));
    EXPECT_TRUE(reply.body == content);
  }
}

TEST_F(Files, InPartAndSmall) {
  start(1'000'001, 10);
  EXPECT_EQ(get().body, content.substr(1'000'001, 10));
  EXPECT_EQ(get().body, content.substr(1'000'001, 10));
}

TEST_F(Files, WithoutALengthAreChunkedOrEndTheConnection) {
  start(5, 1'000'000, false);
  const Reply chunked = get();
  EXPECT_TRUE(chunked.has("Transfer-Encoding", "chunked"));
  EXPECT_TRUE(chunked.body == content.substr(5, 1'000'000));
  const Reply old = get("GET", "HTTP/1.0");
  EXPECT_TRUE(old.body == content.substr(5, 1'000'000));
}

TEST_F(Files, OfHeadOnlyTheLengthIsSent) {
  start(0, kSize);
  const Reply reply = get("HEAD");
  EXPECT_TRUE(reply.has("Content-Length", std::to_string(kSize)));
  EXPECT_TRUE(get().body == content);
}

TEST_F(Files, WithoutATypeGetThatOfTheirFirstBytes_G71_G76) {
  content.replace(100, 8, "%PDF-1.7");
  ASSERT_EQ(::pwrite(file.get(), "%PDF-1.7", 8, 100), 8);
  routes.add("/typed", [&](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Type", "text/css");
    EXPECT_TRUE(response.send_file(file.get(), 100, 8));
  });
  routes.add("/behind", [&](ResponseWriter& response, Request&) {
    (void)response.write("<html>");
    EXPECT_TRUE(response.send_file(file.get(), 100, 8));
  });
  start(100, 10'000);
  for (const std::string_view method : {"GET", "HEAD"}) {
    EXPECT_TRUE(get(method).has("Content-Type", "application/pdf")) << method;
    EXPECT_TRUE(get(method, "HTTP/1.1", "/typed").has("Content-Type", "text/css")) << method;
    EXPECT_TRUE(get(method, "HTTP/1.1", "/behind").has("Content-Type", "text/html; charset=utf-8"))
        << method;
  }
}

TEST_F(Files, ReachAClientThatReadsSlowlyWhileOthersAreServed) {
  options.send_buffer = 16 * 1024;
  start(0, kSize);
  RawClient slow = server->connect({.receive_buffer = 8192});
  ASSERT_TRUE(slow.send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n"));
  ASSERT_TRUE(client->send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client->read_reply().status, 200);
  EXPECT_TRUE(slow.read_reply().body == content);
}

TEST_F(Files, ThatBecameShorterCutTheResponse) {
  std::promise<IoError> failed;
  routes.add("/short", [&](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", "150000");
    const IoStatus sent = response.send_file(file.get(), kSize - 50'000, 150'000);
    failed.set_value(sent.ok() ? IoError::kState : sent.error());
  });
  server.emplace(routes, options);
  RawClient one = server->connect();
  ASSERT_TRUE(one.send("GET /short HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(one.read_reply().whole);
  EXPECT_EQ(failed.get_future().get(), IoError::kInvalid);
}

TEST_F(Files, ThatBecomeShorterBehindTheirHandlerCutTheResponse) {
  options.send_buffer = 16 * 1024;
  routes.add("/until-close", [this](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.send_file(file.get(), 0, kSize));
  });
  start(0, kSize);
  std::uint64_t answered = 0;
  for (const bool with_length : {true, false}) {
    RawClient slow = server->connect({.receive_buffer = 8192});
    ASSERT_TRUE(slow.send(with_length ? "GET /file HTTP/1.0\r\n\r\n"
                                      : "GET /until-close HTTP/1.0\r\n\r\n"));
    ++answered;
    TestServer::wait_until(
        [&] { return server->count(observe::Counter::kResponses2xx) == answered; });
    ASSERT_EQ(::ftruncate(file.get(), 100), 0);
    if (with_length) {
      EXPECT_FALSE(slow.read_reply().whole);
    } else {
      (void)slow.read_until_close();
      EXPECT_EQ(slow.end(), RawClient::End::kReset) << "a FIN would look like its end";
    }
    ASSERT_EQ(::ftruncate(file.get(), kSize), 0);
  }
}

// What a slow client has not taken is left to the loop: neither a thread nor memory waits for it.
TEST_F(Files, OfManySlowReadersNoneHoldsAThreadOrBytes_F3) {
  options.send_buffer = 16 * 1024;
  options.client_waits = 1;
  options.serve.write_stall = 1h;  // they are read one after the other
  constexpr std::size_t kClients = 8;
  start(0, kSize);
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(server->connect({.receive_buffer = 8192}));
    ASSERT_TRUE(clients.back().send("GET /file HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  TestServer::wait_until(
      [&] { return server->count(observe::Counter::kResponses2xx) == kClients; });
  server->settle();
  EXPECT_LE(server->service().buffered(), kClients * 1024) << "heads at most";
  TestServer::wait_until([&] { return server->pool().at_work() == 1; });
  for (RawClient& slow : clients) EXPECT_TRUE(slow.read_reply().body == content);
  for (RawClient& slow : clients) {
    ASSERT_TRUE(slow.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(slow.read_reply().status, 200);
  }
}

TEST_F(Files, ThatAreNotTakenYetHoldUpWhatIsPipelinedBehindThem) {
  options.send_buffer = 16 * 1024;
  start(0, kSize);
  RawClient slow = server->connect({.receive_buffer = 8192});
  const std::string twice =
      "GET /file HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_TRUE(slow.send(twice + twice));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(slow.read_reply().body == content);
    EXPECT_EQ(slow.read_reply().body, "hello, world\n");
  }
}

TEST_F(Files, BehindUnsentBytesAreLeftToTheLoopToo_F3) {
  options.send_buffer = 16 * 1024;
  options.client_waits = 0;  // nobody may wait for a client
  routes.add("/both", [this](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", std::to_string(200'000 + kSize));
    EXPECT_TRUE(response.write(std::string(200'000, 'x')));
    EXPECT_TRUE(response.send_file(file.get(), 0, kSize));
  });
  start(0, kSize);
  RawClient slow = server->connect({.receive_buffer = 8192});
  const std::string request = "GET /both HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_TRUE(slow.send(request + request));
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(slow.read_reply().body == std::string(200'000, 'x') + content);
  }
}

TEST_F(Files, AreTakenBeforeTheHandlerWaitsForMoreOfTheRequest) {
  options.send_buffer = 16 * 1024;
  routes.add("/then-read", [this](ResponseWriter& response, Request& request) {
    (void)response.set_field("Content-Length", std::to_string(kSize + 4));
    EXPECT_TRUE(response.send_file(file.get(), 0, kSize));
    EXPECT_TRUE(response.write(test::read_body(request).bytes));
  });
  start(0, kSize);
  RawClient slow = server->connect({.receive_buffer = 8192});
  ASSERT_TRUE(
      slow.send("POST /then-read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  slow.skip(kSize);
  ASSERT_TRUE(slow.send("4\r\nmore\r\n0\r\n\r\n"));
  TestServer::wait_until([&] { return slow.received().ends_with("more"); });
}

TEST_F(Files, WhatAHandlerWritesBehindAFileComesBehindIt) {
  options.send_buffer = 16 * 1024;
  routes.add("/three", [&](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", std::to_string(2 * kSize + 3));
    EXPECT_TRUE(response.send_file(file.get(), 0, kSize));
    EXPECT_TRUE(response.write("and"));
    EXPECT_TRUE(response.send_file(file.get(), 0, kSize));
  });
  start(0, kSize);
  RawClient slow = server->connect({.receive_buffer = 8192});
  ASSERT_TRUE(slow.send("GET /three HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(slow.read_reply().body == content + "and" + content);
}

TEST_F(Files, AClientThatGoesAwayOrTakesNothingEndsItsConnectionAndFreesTheFile) {
  options.send_buffer = 16 * 1024;
  options.serve.write_stall = 50ms;
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  routes.add("/gone", [this](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", std::to_string(kSize));
    (void)response.send_file(file.get(), 0, kSize);  // fails where it is quicker than the loop
  });
  start(0, kSize);
  (void)get();
  const auto before = descriptors();
  for (const bool resets : {true, false}) {
    RawClient one = server->connect({.receive_buffer = 4096});
    ASSERT_TRUE(one.send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n"));
    one.skip(1000);
    if (resets) one.reset();
    // The other client may have been too slow, too.
    TestServer::wait_until([&] { return server->loops().connections() <= 1; });
  }
  TestServer::wait_until([&] { return descriptors() <= before; });
}

}  // namespace
}  // namespace berth
