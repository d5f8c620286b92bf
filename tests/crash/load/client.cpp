#include "crash/load/client.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "bench/load/target.h"

namespace berth::crash {
namespace {

using namespace std::chrono_literals;

constexpr auto kAfterFailure = 10ms;
constexpr auto kNap = 20ms;

// The server has closed it, as it may between two requests.
bool has_ended(const base::Descriptor& socket) {
  if (!socket) return false;
  char byte = 0;
  const ssize_t size = ::recv(socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN);
}

}  // namespace

void Client::start(Clock::time_point now) {
  ++around_.under_way;
  second_ = false;
  ask(now);
}

void Client::ask(Clock::time_point now) {
  asked_ = true;
  input_.clear();
  if (has_ended(socket_)) socket_.reset();
  if (!socket_) {
    kept_ = false;
    connected_at_ = Clock::now();
    socket_ = bench::connect_to(around_.port());
    if (!socket_ || !around_.add(socket_, *this)) {
      if (errno == ECONNREFUSED) ++kind_.refused;
      kind_.fail(std::string("connect: ") + std::strerror(errno));
      end(now, kAfterFailure);
      return;
    }
  }
  const auto size = static_cast<ssize_t>(request_.size());
  if (::send(socket_.get(), request_.data(), request_.size(), MSG_DONTWAIT | MSG_NOSIGNAL) != size)
    broken(std::string("send: ") + std::strerror(errno), now);
}

void Client::on_due(Clock::time_point now) {
  if (asked_ || around_.ending) return;
  if (around_.resting) {
    around_.call_at(now + kNap, *this);
  } else {
    start(now);
  }
}

void Client::on_ready(Clock::time_point now) {
  if (!socket_) return;
  std::array<char, 16384> buffer;
  const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (!asked_) {
    socket_.reset();  // between two requests: the server may
    if (size > 0) kind_.fail("bytes that nobody asked for");
    return;
  }
  if (size <= 0) {
    broken(size == 0 ? "closed" : std::strerror(errno), now);
    return;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(size));
  const load::Parsed parsed = load::parse_answer(input_, answer_);
  if (parsed == load::Parsed::kMore) return;
  if (parsed == load::Parsed::kWrong || answer_.size != input_.size() || process_in(answer_) == 0) {
    kind_.fail(parsed == load::Parsed::kWhole ? shown(answer_) : input_.substr(0, 200));
    socket_.reset();
    end(now, kAfterFailure);
    return;
  }
  ++kind_.completed;
  kept_ = true;
  if (answer_.close) socket_.reset();
  end(now, kind_.pause);
}

void Client::broken(const std::string& how, Clock::time_point now) {
  socket_.reset();
  if (connected_at_ < around_.killed_at) {
    ++kind_.lost;
    end(now, 0ns);
  } else if (kept_ && !second_ && input_.empty()) {
    // The server may have closed it while the request was on its way (RFC 9112 s9.3.1, RFC 9110
    // s9.2.2).
    ++kind_.asked_anew;
    second_ = true;
    ask(now);
  } else {
    kind_.fail(how + " after " + std::to_string(input_.size()) + " bytes");
    end(now, kAfterFailure);
  }
}

// By a timer even without a pause: an answer that is there at once must not nest.
void Client::end(Clock::time_point now, Clock::duration pause) {
  asked_ = false;
  --around_.under_way;
  if (!around_.ending) around_.call_at(now + pause, *this);
}

void Client::expire() {
  if (!asked_) return;
  kind_.fail("no answer, after " + std::to_string(input_.size()) + " bytes of one");
}

}  // namespace berth::crash
