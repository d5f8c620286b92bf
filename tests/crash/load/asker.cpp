#include "crash/load/asker.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "bench/load/target.h"

namespace berth::crash {

void Asker::ask(const std::string& request, Ended ended) {
  ended_ = std::move(ended);
  input_.clear();
  under_way_ = true;
  socket_ = bench::connect_to(around_.port());
  if (!socket_ || !around_.add(socket_, *this)) {
    end(errno == ECONNREFUSED ? Outcome::kRefused : Outcome::kBroken, Clock::now());
    return;
  }
  if (::send(socket_.get(), request.data(), request.size(), MSG_DONTWAIT | MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    end(Outcome::kBroken, Clock::now());
  }
}

void Asker::on_ready(Clock::time_point) {
  if (!socket_) return;
  std::array<char, 16384> buffer;
  const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const Clock::time_point now = Clock::now();
  if (size <= 0) {
    end(Outcome::kBroken, now);
    return;
  }
  input_.append(buffer.data(), static_cast<std::size_t>(size));
  const load::Parsed parsed = load::parse_answer(input_, answer_);
  if (parsed == load::Parsed::kMore) return;
  end(parsed == load::Parsed::kWhole ? Outcome::kAnswered : Outcome::kBroken, now);
}

void Asker::end(Outcome outcome, Clock::time_point now) {
  socket_.reset();
  under_way_ = false;
  if (outcome != Outcome::kAnswered) answer_ = {};
  const Ended ended = std::move(ended_);  // it may ask again
  ended(outcome, answer_, now);
}

}  // namespace berth::crash
