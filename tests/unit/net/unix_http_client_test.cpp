#include "net/unix_http_client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/descriptor.h"

namespace berth::net {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;

base::TimePoint in(base::Duration time) { return base::system_clock().now() + time; }

// Listens in a folder of its own; a thread accepts one connection and does with it what it is told.
class FakeServer {
 public:
  explicit FakeServer(std::function<void(int)> serve, int backlog = 1) {
    std::string pattern = ::testing::TempDir() + "berth-client-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    address_ = UnixAddress::parse(folder_ + "/socket").value();
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), address_->data(), address_->size()), 0);
    EXPECT_EQ(::listen(listener_.get(), backlog), 0);
    if (!serve) return;
    thread_ = std::thread([this, serve = std::move(serve)] {
      const base::Descriptor connection(::accept(listener_.get(), nullptr, nullptr));
      serve(connection.get());
    });
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() {
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] const UnixAddress& address() const { return *address_; }
  void stop_listening() { listener_.reset(); }

 private:
  std::string folder_;
  std::optional<UnixAddress> address_;
  base::Descriptor listener_;
  std::thread thread_;
};

void say(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// Until `end` has come; what was read.
std::string hear(int connection, std::string_view end) {
  std::string bytes;
  std::array<char, 4096> piece;
  while (!bytes.ends_with(end)) {
    const ssize_t got = ::recv(connection, piece.data(), piece.size(), 0);
    if (got <= 0) break;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
  }
  return bytes;
}

constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

TEST(UnixHttpClient, AsksAndIsAnswered) {
  std::string heard;
  const FakeServer server([&heard](int connection) {
    heard = hear(connection, "{\"a\":1}");
    say(connection, kOk);
  });
  const auto reply = ask_over_unix(
      server.address(), {.method = "POST", .target = "/x", .body = "{\"a\":1}"}, in(20s));
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->content_type, "application/json");
  EXPECT_EQ(reply->body, "{}");
  EXPECT_EQ(reply->server, ::getpid());
  EXPECT_TRUE(heard.starts_with("POST /x HTTP/1.0\r\n")) << heard;
  EXPECT_NE(heard.find("\r\nHost: localhost\r\n"), std::string::npos) << heard;
  EXPECT_NE(heard.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << heard;
  EXPECT_NE(heard.find("\r\nContent-Length: 7\r\n"), std::string::npos) << heard;
}

TEST(UnixHttpClient, AReplyThatComesBeforeTheRequestWasReadCounts) {
  const FakeServer server([](int connection) {
    say(connection, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n");
  });
  const std::string large(4 << 20, ' ');
  const auto reply =
      ask_over_unix(server.address(), {.method = "POST", .target = "/", .body = large}, in(20s));
  ASSERT_TRUE(reply.ok()) << reply.error().text;
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "busy\n");
}

TEST(UnixHttpClient, WhatIsNoWholeReplyIsAnError) {
  struct Case {
    std::string bytes;
    ErrorCode code;
  };
  for (const Case& row : {
           Case{"", ErrorCode::kClosed},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", ErrorCode::kClosed},
           Case{"SSH-2.0-server\r\n", ErrorCode::kCorrupt},
           Case{std::string(100, '\0'), ErrorCode::kCorrupt},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ErrorCode::kCorrupt},
           Case{"HTTP/1.1 200 OK\r\n\r\n" + std::string(17 << 20, 'x'), ErrorCode::kCorrupt},
       }) {
    const FakeServer server([&row](int connection) {
      (void)hear(connection, "\r\n\r\n");
      say(connection, row.bytes);
    });
    const auto reply = ask_over_unix(server.address(), {.method = "GET", .target = "/"}, in(20s));
    ASSERT_FALSE(reply.ok()) << row.bytes.substr(0, 60);
    EXPECT_EQ(reply.error().code, row.code) << reply.error().text;
  }
}

TEST(UnixHttpClient, TheDeadlineIsForAllOfIt) {
  // Never accepts; a full backlog; never answers; answers a byte at a time.
  const FakeServer deaf({});
  EXPECT_EQ(ask_over_unix(deaf.address(), {.method = "GET", .target = "/"}, in(20ms)).error().code,
            ErrorCode::kTimedOut);
  const FakeServer full({}, 0);
  const base::Descriptor first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(first.get(), full.address().data(), full.address().size()), 0);
  EXPECT_EQ(ask_over_unix(full.address(), {.method = "GET", .target = "/"}, in(20ms)).error().code,
            ErrorCode::kTimedOut);
  const FakeServer trickling([](int connection) {
    while (::send(connection, "x", 1, MSG_NOSIGNAL) == 1) std::this_thread::yield();
  });
  const auto code =
      ask_over_unix(trickling.address(), {.method = "GET", .target = "/"}, in(20ms)).error().code;
  EXPECT_TRUE(code == ErrorCode::kTimedOut || code == ErrorCode::kCorrupt);
  EXPECT_EQ(ask_over_unix(deaf.address(), {.method = "GET", .target = "/"}, in(-1s)).error().code,
            ErrorCode::kTimedOut);
}

TEST(UnixHttpClient, NobodyListens) {
  FakeServer server({});
  server.stop_listening();
  EXPECT_EQ(ask_over_unix(server.address(), {.method = "GET", .target = "/"}, in(20s)).error().code,
            ErrorCode::kNotFound);
  const auto nowhere = UnixAddress::parse("/nowhere/control.sock").value();
  EXPECT_EQ(ask_over_unix(nowhere, {.method = "GET", .target = "/"}, in(20s)).error().code,
            ErrorCode::kNotFound);
}

}  // namespace
}  // namespace berth::net
