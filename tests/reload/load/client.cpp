#include "reload/load/client.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "bench/load/target.h"

namespace berth::reload {
namespace {

using namespace std::chrono_literals;

constexpr auto kAfterFailure = 100ms;

// All clients of the one thread share it.
std::array<char, 65536>& buffer() {
  static std::array<char, 65536> memory;
  return memory;
}

std::string shown(const Answer& answer) {
  return "status " + std::to_string(answer.status) + ", " + std::to_string(answer.body.size()) +
         " bytes: " + answer.body.substr(0, 80);
}

}  // namespace

bool Client::connect() {
  socket_ = bench::connect_to(around_.port());
  waits_to_write_ = false;
  input_.clear();
  return socket_ && around_.add(socket_, *this);
}

void Client::start(Clock::time_point due) {
  due_ = due;
  since_ = around_.releases.returned();
  next_piece_ = 0;
  unsent_ = {};
  missing_answers_ = kind_.answers;
  ++around_.under_way;
  const Clock::time_point now = Clock::now();
  if (!socket_ && !connect()) {
    fail(std::string("connect: ") + std::strerror(errno), now);
    return;
  }
  (void)send_pieces(now);
}

bool Client::send_pieces(Clock::time_point now) {
  while (missing_answers_ > 0) {
    if (unsent_.empty()) {
      if (next_piece_ == kind_.pieces.size()) break;
      unsent_ = kind_.pieces[next_piece_++];
    }
    const ssize_t sent =
        ::send(socket_.get(), unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      fail(std::string("send: ") + std::strerror(errno), now);
      return false;
    }
    if (sent > 0) unsent_.remove_prefix(static_cast<std::size_t>(sent));
    const bool wait = !unsent_.empty();
    if (wait != waits_to_write_) around_.want_writable(socket_, *this, waits_to_write_ = wait);
    if (wait) return true;
    if (kind_.between > 0ns && next_piece_ < kind_.pieces.size()) {
      around_.call_at(now + kind_.between, *this);
      return true;
    }
  }
  return true;
}

void Client::on_due(Clock::time_point now) {
  if (missing_answers_ > 0) {
    (void)send_pieces(now);
  } else if (!around_.ending) {
    start(now);
  }
}

void Client::on_ready(Clock::time_point now) {
  if (!socket_) return;
  if (waits_to_write_ && !send_pieces(now)) return;
  receive(now);
}

void Client::receive(Clock::time_point now) {
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer().data(), buffer().size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      const std::string why = size == 0 ? "closed" : std::strerror(errno);
      if (missing_answers_ == 0) ++around_.under_way;  // fail() ends one
      fail(why + " after " + std::to_string(input_.size()) + " bytes", now);
      return;
    }
    input_.append(buffer().data(), static_cast<std::size_t>(size));
    if (!take_answers(now) || static_cast<std::size_t>(size) < buffer().size()) return;
  }
}

bool Client::take_answers(Clock::time_point now) {
  while (!input_.empty()) {
    if (missing_answers_ == 0) {
      ++around_.under_way;
      fail("bytes that nobody asked for: " + input_.substr(0, 80), now);
      return false;
    }
    const load::Parsed parsed = parse_answer(input_, answer_);
    if (parsed == load::Parsed::kMore) return true;
    const int release = parsed == load::Parsed::kWhole ? kind_.judge(answer_) : kWrong;
    if (release == kWrong) {
      fail(parsed == load::Parsed::kWhole ? shown(answer_) : input_.substr(0, 200), now);
      return false;
    }
    if (release != kAny && !around_.releases.may_answer(since_, release)) {
      fail("the old release answered: " + shown(answer_), now);
      return false;
    }
    input_.erase(0, answer_.size);
    if (release != kAny && answered_) answered_(since_, release, now);
    if (--missing_answers_ > 0) continue;
    ++kind_.completed;
    kind_.latencies.record(now - due_);
    const bool close = kind_.close;
    if (close) socket_.reset();
    end(now);
    if (close) return false;
  }
  return true;
}

void Client::end(Clock::time_point now) {
  --around_.under_way;
  if (ended_) {
    ended_(*this);
  } else {
    go_on(now);
  }
}

void Client::go_on(Clock::time_point now) {
  if (around_.ending) return;
  if (kind_.pause > 0ns) {
    around_.call_at(now + kind_.pause, *this);
  } else {
    start(now);
  }
}

void Client::fail(const std::string& what, Clock::time_point now) {
  kind_.fail(what);
  missing_answers_ = 0;
  unsent_ = {};
  socket_.reset();
  --around_.under_way;
  if (ended_) {
    ended_(*this);
  } else {
    around_.call_at(now + kAfterFailure, *this);
  }
}

void Client::give_up() {
  if (!kind_.until_reload || missing_answers_ == 0) return;
  missing_answers_ = 0;
  socket_.reset();
  --around_.under_way;
}

void Client::expire() {
  if (missing_answers_ == 0) return;
  kind_.fail("no answer, after " + std::to_string(input_.size()) + " bytes of one");
}

}  // namespace berth::reload
