// Supervisor: what becomes of hosts that end, and how all of it ends.
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <utility>

#include "base/identity.h"
#include "supervise/supervisor.h"

namespace berth::supervise {

namespace {

using Kind = base::HostMessage::Kind;

constexpr std::string_view kControl = "control";
// Hosts that finish what they have in flight, at a time: each has the memory of one.
constexpr auto kMostLeaving = 4;

std::string text_of(base::Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

bool in_order(const ProcessEnd& end) noexcept {
  return end.kind == ProcessEnd::Kind::kExited && end.value == 0;
}

}  // namespace

void Supervisor::on_signal(int number) {
  if (number == SIGCHLD) return;  // every turn looks
  Host* const serving = find(Role::kServing);
  if (number == SIGUSR2) return begin_upgrade();
  if (number == SIGHUP) {
    if (serving != nullptr && serving->ready) {
      serving->signal(SIGHUP);
    } else {
      reload_wanted_ = true;
    }
    return;
  }
  begin_stop();
  for (Host& host : hosts_) {
    // Those that leave are stopping already: to them it would be the second one.
    if (host.role == Role::kLeaving && stops_ == 1) continue;
    host.signal(number);
    if (stops_ == 1) continue;
    // Nothing is lost with one that does not serve; the others need their moment to cut what is
    // left.
    const bool at_once = host.role == Role::kServing && !host.ready;
    host.kill_at = std::min(
        host.kill_at, clock_.now() + (at_once ? base::Duration::zero() : options_.stop_grace));
  }
  if (hosts_.empty()) finish(stop_code_);
}

void Supervisor::begin_stop() {
  if (++stops_ > 1) return;
  start_at_ = standby_at_ = base::TimePoint::max();
  notify_.stopping("stopping");
  if (is_succeeding()) give_up_succession("the server stops");
  for (Host& host : hosts_) {
    if (host.role == Role::kStandby) {
      dismiss(host);
    } else {
      host.kill_at = std::min(host.kill_at, clock_.now() + host.stop + options_.stop_grace);
    }
  }
}

void Supervisor::on_withdraw(const Host& host, std::string_view name) {
  const bool control = name == kControl;
  // Another goes on with them where it leaves.
  if (stops_ > 0 && host.role != Role::kLeaving) {
    withdraw([control](const net::PlannedSocket& socket) {
      return (socket.name == kControl) == control;
    });
  }
  host.tell(Kind::kWithdrawn);
}

void Supervisor::withdraw(const std::function<bool(const net::PlannedSocket&)>& chosen) {
  // The path first: who finds the socket afterwards finds the next server's, or none.
  remove_paths(plan_.sockets, chosen);
  std::erase_if(plan_.sockets, chosen);
}

void Supervisor::remove_paths(std::vector<net::PlannedSocket>& sockets,
                              const std::function<bool(const net::PlannedSocket&)>& chosen) const {
  // The folders are that user's, who could have root remove what lies in another.
  const auto user = base::AsUser::enter(base::parse_identity(plan_.user));
  if (!user) return say(observe::Level::kWarn, "sockets are left: " + user.error().text);
  for (net::PlannedSocket& socket : sockets) {
    if (chosen(socket)) socket.path.remove();
  }
}

void Supervisor::reap() {
  for (std::size_t i = 0; i < hosts_.size();) {
    const auto end = hosts_[i].end();
    if (!end) {
      ++i;
      continue;
    }
    read_link(i);  // what it said before it ended
    Host ended = std::move(hosts_[i]);
    hosts_.erase(hosts_.begin() + static_cast<std::ptrdiff_t>(i));
    on_end(ended, *end);
    if (code_) return;
  }
}

void Supervisor::reap_others() {
  siginfo_t ended{};
  while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0) {
    const pid_t pid = ended.si_pid;
    const bool is_host = std::any_of(hosts_.begin(), hosts_.end(),
                                     [pid](const Host& host) { return host.pid() == pid; });
    // That has ended meanwhile, and the next turn reaps it, and those behind it.
    if (is_host || (planning_ && planning_->process().pid() == pid)) return;
    (void)::waitpid(pid, nullptr, 0);
    ended = {};
  }
}

void Supervisor::on_end(Host& host, const ProcessEnd& end) {
  const std::string what = host.text() + " " + end.text();
  switch (host.role) {
    case Role::kServing:
      on_serving_end(host, end);
      break;
    case Role::kNext:
      give_up_succession(what + " before it was ready");
      break;
    case Role::kStandby:
      say(observe::Level::kWarn, "the standby, " + what);
      on_standby_lost(host);
      break;
    case Role::kLeaving:
      if (host.crashed && !host.killed()) {
        say(observe::Level::kInfo, what + ", as it had crashed");
      } else if (!in_order(end) && !host.killed() && !host.refused) {
        say(observe::Level::kError, what + " while it left");
      }
      break;
  }
  if (stops_ > 0 && hosts_.empty()) finish(stop_code_);
}

void Supervisor::on_serving_end(const Host& host, const ProcessEnd& end) {
  const std::string what = host.text() + " " + end.text();
  if (stops_ > 0) {
    const bool expected = in_order(end) || host.killed() || host.refused;
    if (!expected) say(observe::Level::kError, what + " while it stopped");
    if (!in_order(end) && host.ready) stop_code_ = 1;
  } else if (!was_ready_ && !host.accepts) {
    if (!host.refused) say(observe::Level::kError, what + " before it served");
    finish(end.kind == ProcessEnd::Kind::kExited && !in_order(end) ? end.value : 1);
  } else {
    replace_host(host, what);
  }
}

void Supervisor::replace_host(const Host& host, const std::string& what) {
  // One that ended of the first request that it was asked has served all the same.
  was_ready_ = true;
  if (generation_ == 0) generation_ = host.generation;
  const base::TimePoint now = clock_.now();
  // A crash that is drained is the business of quarantine; only where many of them are being
  // drained at a time has the next one to wait.
  const auto leaving = std::count_if(
      hosts_.begin(), hosts_.end(), [](const Host& other) { return other.role == Role::kLeaving; });
  const bool waits = host.role != Role::kLeaving || leaving > kMostLeaving;
  const base::Duration wait = waits ? backoff_.next(now - host.started_at) : base::Duration::zero();
  start_at_ = now + wait;
  const Host* const standby = find(Role::kStandby);
  const bool stands_by = standby != nullptr && !standby->crashed;
  std::string text =
      what + (stands_by ? "; the standby takes its place" : "; a new one is started");
  if (wait > base::Duration::zero()) text += " in " + text_of(wait);
  say(observe::Level::kError, text);
  notify_.status(text);
  // Others wait for it, and this is all that is known of the one that has ended.
  if (wait == base::Duration::zero()) start_host();
}

void Supervisor::finish(int code) {
  withdraw([](const net::PlannedSocket&) { return true; });
  code_ = code;
}

}  // namespace berth::supervise
