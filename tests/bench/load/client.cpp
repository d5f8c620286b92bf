#include "bench/load/client.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace berth::bench {
namespace {

// What is received is only looked at, so all clients of the one thread share the memory.
std::array<char, 262144>& buffer() {
  static std::array<char, 262144> memory;
  return memory;
}

constexpr std::string_view kAccepted = "HTTP/1.1 200";

}  // namespace

bool Client::connect() {
  socket_ = connect_to(group_.target.port);
  if (!socket_) return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this;
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket_.get(), &event) == 0;
}

bool Client::start(Clock::time_point now) {
  sent_ = now;
  received_ = 0;
  expected_ = group_.target.response_bytes;
  accepted_ = true;
  const std::string& request = group_.target.request;
  // The socket's buffer is empty, so it takes a request whole or the connection is gone.
  if ((socket_ || connect()) &&
      ::send(socket_.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    return true;
  }
  ++group_.errors;
  socket_.reset();
  return false;
}

Progress Client::on_readable() {
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer().data(), buffer().size(), MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return Progress::kReading;
    if (size <= 0) return group_.target.close && received_ >= expected_ ? finish() : broken();
    const Progress progress = take(static_cast<std::size_t>(size));
    if (progress != Progress::kReading) return progress;
    if (static_cast<std::size_t>(size) < buffer().size() && !group_.target.close) return progress;
  }
}

Progress Client::take(std::size_t size) {
  if (received_ == 0) {
    const std::string_view answer(buffer().data(), size);
    accepted_ = answer.starts_with(kAccepted);
    if (!accepted_) expected_ = announced_length(answer);
    if (expected_ == 0) return broken();
  }
  received_ += size;
  if (received_ < expected_) return Progress::kReading;
  if (received_ > expected_) return broken();
  return group_.target.close ? Progress::kReading : finish();  // a closing one is whole at its end
}

Progress Client::finish() {
  const Clock::time_point now = Clock::now();
  if (group_.target.close) socket_.reset();
  if (!accepted_) {
    ++group_.refused;
    socket_.reset();  // else the server may close it while nobody looks
    return Progress::kPause;
  }
  group_.latencies.record(now - sent_);
  ++group_.completed;
  ++group_.in_all;
  if (group_.once) return Progress::kAnswered;
  return start(now) ? Progress::kAnswered : Progress::kPause;
}

Progress Client::broken() {
  ++group_.errors;
  socket_.reset();
  return Progress::kPause;
}

}  // namespace berth::bench
