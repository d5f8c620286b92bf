#include "support/raw_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "net/wait.h"

namespace berth::test {

namespace {

// Generous: only a broken test gets there.
base::TimePoint soon() { return base::system_clock().now() + std::chrono::seconds(20); }

template <class Address>
void connect_to(int socket, const Address& address) {
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

}  // namespace

RawClient::RawClient(std::uint16_t port, const RawClientOptions& options)
    : socket_(::socket(options.ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  // Before connect: the window is agreed on there.
  const auto set_buffer = [this](int option, std::optional<int> bytes) {
    if (!bytes) return;
    EXPECT_EQ(::setsockopt(socket_.get(), SOL_SOCKET, option, &*bytes, sizeof *bytes), 0);
  };
  set_buffer(SO_RCVBUF, options.receive_buffer);
  set_buffer(SO_SNDBUF, options.send_buffer);
  if (options.ipv6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    address.sin6_addr = in6addr_loopback;
    connect_to(socket_.get(), address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(socket_.get(), address);
  }
  const int on = 1;
  EXPECT_EQ(::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
}

RawClient::RawClient(const net::UnixAddress& address)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  EXPECT_EQ(::connect(socket_.get(), address.data(), address.size()), 0) << address.text();
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put =
        ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
      continue;
    }
    if (errno != EAGAIN) return false;
    if (net::wait_writable(socket_.get(), soon()) != net::WaitResult::kReady) {
      ADD_FAILURE() << "the server does not read";
      return false;
    }
  }
  return true;
}

bool RawClient::send_in_pieces(std::string_view bytes, std::size_t piece) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    if (!send(bytes.substr(0, piece))) return false;
  }
  return true;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put <= 0) break;
    sent += static_cast<std::size_t>(put);
  }
  return sent;
}

void RawClient::half_close() { (void)::shutdown(socket_.get(), SHUT_WR); }

void RawClient::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  EXPECT_EQ(::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
  socket_.reset();
}

bool RawClient::receive(bool wait) {
  std::array<char, 64 * 1024> buffer;
  while (end_ == End::kOpen) {
    const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      received_.append(buffer.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) {
      end_ = End::kFin;
    } else if (errno != EAGAIN) {
      end_ = End::kReset;
    } else if (!wait) {
      return false;
    } else if (net::wait_readable(socket_.get(), soon()) != net::WaitResult::kReady) {
      ADD_FAILURE() << "the server neither answers nor closes; so far: "
                    << received_.substr(0, 500);
      return false;
    }
  }
  return false;
}

Reply RawClient::read_reply(bool head_request) {
  for (;;) {
    const bool ended = end_ != End::kOpen;
    if (auto reply = take_reply(received_, head_request, ended)) {
      if (!reply->problem.empty()) ADD_FAILURE() << reply->problem;
      return *std::move(reply);
    }
    if (!receive(true) && end_ == End::kOpen) return {};
  }
}

std::vector<Reply> RawClient::read_replies(std::size_t count) {
  std::vector<Reply> replies;
  while (replies.size() < count) {
    replies.push_back(read_reply());
    if (!replies.back().whole) break;
  }
  return replies;
}

std::vector<Reply> RawClient::read_all() {
  while (receive(true)) {
  }
  std::vector<Reply> replies;
  while (!received_.empty() && end_ != End::kOpen) replies.push_back(read_reply());
  return replies;
}

std::string RawClient::read_until_close() {
  while (receive(true)) {
  }
  return std::exchange(received_, {});
}

void RawClient::skip(std::size_t bytes) {
  while (bytes > 0) {
    if (received_.empty() && !receive(true)) {
      ADD_FAILURE() << "the connection ended " << bytes << " bytes early";
      return;
    }
    const std::size_t dropped = std::min(bytes, received_.size());
    received_.erase(0, dropped);
    bytes -= dropped;
  }
}

bool RawClient::closed_in_silence() {
  while (receive(true)) {
  }
  return end_ != End::kOpen && received_.empty();
}

bool RawClient::wait_for(std::string_view text) {
  while (received_.find(text) == std::string::npos) {
    if (!receive(true)) return false;
  }
  return true;
}

const std::string& RawClient::received() {
  while (receive(false)) {
  }
  return received_;
}

}  // namespace berth::test
