#include "reload/load/talker.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>

#include "bench/load/target.h"

namespace berth::reload {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenWords = 10ms;
constexpr auto kBeforeCallingAgain = 1ms;
constexpr std::string_view kGoodbye = "bye\n";

}  // namespace

void Talker::start() {
  input_.clear();
  since_ = around_.releases.returned();
  release_ = kWrong;
  head_taken_ = asked_ = said_goodbye_ = hung_up_ = false;
  ++around_.under_way;
  const std::string& request = kind_.pieces.front();
  socket_ = bench::connect_to(around_.port());
  if (!socket_ || !around_.add(socket_, *this) ||
      ::send(socket_.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) !=
          static_cast<ssize_t>(request.size())) {
    kind_.fail(std::string("connect: ") + std::strerror(errno));
    end(Clock::now());
    return;
  }
  around_.call_at(Clock::now() + kBetweenWords, *this);
}

void Talker::hang_up() {
  if (!socket_) return;
  hung_up_ = true;
  ::shutdown(socket_.get(), SHUT_WR);
}

void Talker::expire() {
  if (socket_) kind_.fail("no goodbye: " + input_.substr(0, 80));
}

void Talker::on_due(Clock::time_point now) {
  if (!socket_) {
    if (!around_.ending) start();
    return;
  }
  around_.call_at(now + kBetweenWords, *this);
  if (!head_taken_ || asked_ || said_goodbye_ || hung_up_) return;
  asked_at_ = now;
  asked_ = ::send(socket_.get(), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

void Talker::on_ready(Clock::time_point now) {
  if (!socket_) return;
  std::array<char, 4096> buffer;
  const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    ended(size == 0 ? "closed" : std::strerror(errno), now);
    return;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(size));
  (void)take_lines(now);
}

bool Talker::take_lines(Clock::time_point now) {
  if (!head_taken_) {
    const std::size_t end_of_head = input_.find("\r\n\r\n");
    if (end_of_head == std::string::npos) return true;
    if (!input_.starts_with("HTTP/1.1 200 ")) {
      kind_.fail("not taken over: " + input_.substr(0, 100));
      end(now);
      return false;
    }
    input_.erase(0, end_of_head + 4);
    head_taken_ = true;
  }
  for (std::size_t line_end = 0; (line_end = input_.find('\n')) != std::string::npos;) {
    std::string_view line = std::string_view(input_).substr(0, line_end + 1);
    if (line == kGoodbye) {
      said_goodbye_ = true;
    } else {
      const int release = take_release(line);
      const bool fits =
          release_ == kWrong ? around_.releases.may_answer(since_, release) : release == release_;
      if (line != "\n" || !asked_ || said_goodbye_ || !fits) {
        kind_.fail("a wrong line: " + input_.substr(0, 80));
        end(now);
        return false;
      }
      release_ = release;
      asked_ = false;
      ++kind_.completed;
      kind_.latencies.record(now - asked_at_);
    }
    input_.erase(0, line_end + 1);
  }
  return true;
}

// A word that comes when the release reads no more makes the close a reset (RFC 9293 s3.6), which
// may overtake the goodbye. Nothing is lost by it but that.
void Talker::ended(const std::string& how, Clock::time_point now) {
  const bool replaced = around_.releases.asked() > since_;
  const bool in_order = said_goodbye_ || (replaced && asked_);
  if (!in_order || !(replaced || hung_up_)) kind_.fail(how + " after: " + input_.substr(0, 80));
  end(now);
}

void Talker::end(Clock::time_point now) {
  socket_.reset();
  --around_.under_way;
  around_.call_at(now + kBeforeCallingAgain, *this);
}

}  // namespace berth::reload
