#include "crash/load/incident.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "base/descriptor.h"
#include "crash/load/kind.h"

namespace berth::crash {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeforeConnectingAnew = 200us;

long long microseconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

}  // namespace

Incident::Incident(Around& around, const std::string& target)
    : around_(around), request_(request_for(target)), guilty_(around), newcomer_(around) {}

void Incident::begin(pid_t process) {
  process_ = process;
  began_at_ = Clock::now();
  replaced_at_ = {};
  longest_wait_ = {};
  status_ = 0;
  refused_ = 0;
  lost_ = 0;
}

void Incident::crash(pid_t process, const std::string& target) {
  begin(process);
  guilty_.ask(request_for(target), [this](Outcome, const load::Answer& answer, Clock::time_point) {
    status_ = answer.status;
    tell_if_over();
  });
  connect_anew();
}

// The descriptor is readable once the process has let go of all it had: only then no connection is
// its own any more.
void Incident::kill(pid_t process) {
  begin(process);
  const base::Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  pollfd ended{.fd = handle.get(), .events = POLLIN, .revents = 0};
  if (!handle || ::kill(process, SIGKILL) != 0 || ::poll(&ended, 1, -1) != 1) {
    throw std::system_error(errno, std::generic_category(), "to kill the host");
  }
  around_.killed_at = Clock::now();
  connect_anew();
}

void Incident::connect_anew() {
  connected_at_ = Clock::now();
  newcomer_.ask(request_, [this](Outcome outcome, const load::Answer& answer,
                                 Clock::time_point now) { newcomer_ended(outcome, answer, now); });
}

void Incident::on_due(Clock::time_point) { connect_anew(); }

void Incident::newcomer_ended(Outcome outcome, const load::Answer& answer, Clock::time_point now) {
  const std::int64_t process = process_in(answer);
  if (outcome == Outcome::kRefused) {
    ++refused_;
  } else if (process == 0) {
    ++lost_;
  } else {
    longest_wait_ = std::max(longest_wait_, now - connected_at_);
    if (process != process_) {
      replaced_at_ = now;
      next_process_ = process;
      tell_if_over();
      return;
    }
  }
  around_.call_at(now + kBeforeConnectingAnew, *this);
}

void Incident::tell_if_over() const {
  if (guilty_.under_way() || replaced_at_ == Clock::time_point{}) return;
  std::printf(
      "{\"status\":%d,\"replaced_us\":%lld,\"longest_wait_us\":%lld,\"refused\":%llu,\"lost\":%llu,"
      "\"process\":%lld}\n",
      status_, microseconds(replaced_at_ - began_at_), microseconds(longest_wait_),
      static_cast<unsigned long long>(refused_), static_cast<unsigned long long>(lost_),
      static_cast<long long>(next_process_));
  std::fflush(stdout);
}

}  // namespace berth::crash
