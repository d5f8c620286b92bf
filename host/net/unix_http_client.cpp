#include "net/unix_http_client.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "base/limits.h"
#include "net/wait.h"

// Poco writes and reads the messages. Its HTTPClientSession is not used: its timeouts are for each
// call and not for all of them, its sends raise SIGPIPE, and a reply that comes before the request
// could be sent (503, the server has too many connections) is lost with it.
namespace berth::net {

namespace {

constexpr std::size_t kLongestReply = 16 * base::limits::kMiB;
// The longest connect(2) waits for a full backlog at a time.
constexpr std::chrono::seconds kLongestWait(3600);

base::Failure<base::Error> failed(base::ErrorCode code, std::string text) {
  return base::fail(code, std::move(text));
}

base::Failure<base::Error> timed_out() { return failed(base::ErrorCode::kTimedOut, "no answer"); }

// A blocking connect(2): a non-blocking one fails at once where the backlog is full.
base::Status<> connect(int socket, const UnixAddress& address, base::TimePoint deadline) {
  for (;;) {
    const base::TimePoint now = base::system_clock().now();
    if (now >= deadline) return timed_out();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<base::Duration>(deadline - now, kLongestWait));
    const timeval limit{.tv_sec = left.count() / 1000, .tv_usec = left.count() % 1000 * 1000};
    (void)::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket, address.data(), address.size()) == 0) return base::done();
    switch (errno) {
      case EAGAIN:
      case EINTR:
        continue;
      case ECONNREFUSED:
        return failed(base::ErrorCode::kNotFound, "nobody listens there");
      default:
        return base::fail(base::system_error(errno, "connect"));
    }
  }
}

std::string bytes_of(const UnixHttpRequest& request) {
  Poco::Net::HTTPRequest head(request.method, request.target, Poco::Net::HTTPMessage::HTTP_1_0);
  head.set("Host", "localhost");
  if (!request.body.empty()) {
    head.setContentType("application/json");
    head.setContentLength64(static_cast<Poco::Int64>(request.body.size()));
  }
  std::ostringstream out;
  head.write(out);
  return out.str() + request.body;
}

// As much as the server takes: one that is not willing to read has something to say.
base::Status<> send_all(int socket, std::string_view bytes, base::TimePoint deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (wait_writable(socket, deadline) == WaitResult::kTimeout) return timed_out();
    } else if (errno != EINTR) {
      break;
    }
  }
  return base::done();
}

base::Result<std::string> receive_all(int socket, base::TimePoint deadline) {
  std::string bytes;
  std::array<char, 16 * base::limits::kKiB> piece;
  for (;;) {
    const ssize_t got = ::recv(socket, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got > 0) {
      bytes.append(piece.data(), static_cast<std::size_t>(got));
      if (bytes.size() > kLongestReply) {
        return failed(base::ErrorCode::kCorrupt, "the reply does not end");
      }
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return bytes;  // the length tells whether it is whole
    } else if (errno == EAGAIN) {
      if (wait_readable(socket, deadline) == WaitResult::kTimeout) return timed_out();
    }
    if (base::system_clock().now() >= deadline) return timed_out();
  }
}

base::Result<UnixHttpReply> reply_of(const std::string& bytes) {
  if (bytes.find("\r\n\r\n") == std::string::npos && !bytes.starts_with("HTTP/1.")) {
    return bytes.empty() ? failed(base::ErrorCode::kClosed, "the connection was closed unanswered")
                         : failed(base::ErrorCode::kCorrupt, "that is no HTTP server");
  }
  UnixHttpReply reply;
  try {
    std::istringstream in(bytes);
    Poco::Net::HTTPResponse head;
    head.read(in);
    reply.status = static_cast<int>(head.getStatus());
    reply.content_type = head.getContentType();
    reply.body.assign(std::istreambuf_iterator<char>(in), {});
    if (head.getChunkedTransferEncoding()) {
      return failed(base::ErrorCode::kCorrupt, "a chunked reply to an HTTP/1.0 request");
    }
    if (head.hasContentLength() &&
        static_cast<std::size_t>(head.getContentLength64()) != reply.body.size()) {
      return failed(base::ErrorCode::kClosed, "the reply broke off");
    }
  } catch (const Poco::Exception& error) {
    return failed(base::ErrorCode::kCorrupt, "that is no HTTP server: " + error.displayText());
  }
  return reply;
}

pid_t peer_of(int socket) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
}

}  // namespace

base::Result<UnixHttpReply> ask_over_unix(const UnixAddress& address,
                                          const UnixHttpRequest& request,
                                          base::TimePoint deadline) {
  const base::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return base::fail(base::system_error(errno, "socket"));
  if (auto status = connect(socket.get(), address, deadline); !status) {
    return base::fail(std::move(status).error());
  }
  const pid_t server = peer_of(socket.get());
  if (auto status = send_all(socket.get(), bytes_of(request), deadline); !status) {
    return base::fail(std::move(status).error());
  }
  const auto bytes = receive_all(socket.get(), deadline);
  if (!bytes) return base::fail(bytes.error());
  auto reply = reply_of(*bytes);
  if (reply) reply->server = server;
  return reply;
}

}  // namespace berth::net
