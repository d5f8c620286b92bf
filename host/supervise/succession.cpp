// Supervisor: how one host takes another's place while that one serves.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "supervise/handover.h"
#include "supervise/supervisor.h"

namespace berth::supervise {

namespace {

using namespace std::chrono_literals;
using Kind = base::HostMessage::Kind;

// For a standby that does not listen yet.
constexpr auto kDeaf = 500ms;

void set_inherited(int descriptor, bool inherited) noexcept {
  if (descriptor >= 0) (void)::fcntl(descriptor, F_SETFD, inherited ? 0 : FD_CLOEXEC);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

void Supervisor::begin_upgrade() {
  Host* const serving = find(Role::kServing);
  const auto refuse = [&](const std::string& why) {
    say(observe::Level::kError, "no upgrade: " + why);
    if (serving != nullptr) serving->tell(Kind::kNotReplaced, why);
  };
  if (options_.file.empty()) return refuse("the file of this program is not known");
  if (stops_ > 0) return refuse("the server stops");
  if (is_succeeding()) return refuse("another host is being started already");
  if (serving == nullptr || !serving->ready) return refuse("no host serves yet");
  if (serving->reloading) return refuse("a reload is under way");
  base::Descriptor file(::open(options_.file.c_str(), O_PATH | O_CLOEXEC));
  if (!file) return refuse(base::system_error(errno, "start " + options_.file).text);
  auto planning =
      Planning::start_again(options_.file, file.get(), options_.plan, variables_, plan_);
  if (!planning) return refuse(planning.error().text);
  next_file_ = std::move(file);
  planned_by_ = clock_.now() + options_.start_limit;
  say(observe::Level::kInfo, "an upgrade begins: " + options_.file);
  notify_.reloading(clock_.now());
  planning_.emplace(std::move(*planning));
}

void Supervisor::on_planned() {
  Planning planning = std::move(*planning_);
  planning_.reset();
  planned_by_ = base::TimePoint::max();
  next_plan_ = planning.take_plan();
  if (!planning.done()) {
    return give_up_succession("the process that reads the configuration " + planning.end().text());
  }
  if (next_plan_->link != base::kLinkVersion) {
    return give_up_succession(
        "this program cannot supervise the new one, which has to be started anew");
  }
  if (next_plan_->user != plan_.user) {
    // Whose are the state, and the sockets that stay.
    return give_up_succession("`user` has changed, which takes a restart");
  }
  if (auto spawned = spawn(Role::kNext); !spawned) give_up_succession(spawned.error().text);
}

void Supervisor::begin_replacement(Host& host, const std::string& why) {
  if (host.role != Role::kServing || !host.ready || stops_ > 0) return;
  if (is_succeeding() || host.reloading) {
    host.tell(Kind::kNotReplaced, "a reload or another start is under way");
    return;
  }
  say(observe::Level::kInfo, host.text() + " asks to be replaced: " + why);
  const Host* const standby = find(Role::kStandby);
  if (standby != nullptr && standby->ready && promote_standby(Role::kNext)) return;
  if (auto spawned = spawn(Role::kNext); !spawned) {
    give_up_succession(spawned.error().text);
  }
}

void Supervisor::give_up_succession(const std::string& why) {
  const bool upgrade = planning_ || next_plan_;
  if (planning_) next_plan_ = planning_->take_plan();
  planning_.reset();
  planned_by_ = base::TimePoint::max();
  next_file_.reset();
  if (Host* const next = find(Role::kNext)) dismiss(*next);
  if (next_plan_) {
    // What was bound for it alone; the others have their paths in plan_.
    remove_paths(next_plan_->sockets, [](const net::PlannedSocket&) { return true; });
    next_plan_.reset();
  }
  const std::string what = upgrade ? "the upgrade is given up: " : "no other host takes over: ";
  say(observe::Level::kError, what + why);
  if (stops_ > 0) return;
  if (const Host* const serving = find(Role::kServing)) serving->tell(Kind::kNotReplaced, why);
  notify_.ready(serving_text());
  // It may have been the one that was to take over.
  if (plan_.standby && find(Role::kStandby) == nullptr) restart_standby();
}

void Supervisor::take_over(Host& host) {
  const bool upgrade = next_plan_.has_value();
  const bool executes = upgrade && next_plan_->handover == base::kHandoverVersion;
  Host* const before = find(Role::kServing);
  host.role = Role::kServing;
  if (upgrade) {
    for (net::PlannedSocket& socket : next_plan_->sockets) {
      for (net::PlannedSocket& known : plan_.sockets) {
        if (known.name == socket.name && socket.path.empty()) socket.path = std::move(known.path);
      }
    }
    withdraw([](const net::PlannedSocket&) { return true; });  // those that are left over
    plan_ = std::move(*next_plan_);
    next_plan_.reset();
    program_ = options_.file;
    program_file_ = std::move(next_file_);
    withdraw([&host](const net::PlannedSocket& socket) {
      return std::find(host.unused.begin(), host.unused.end(), socket.name) != host.unused.end();
    });
  }
  const std::string text = host.text() + " serves generation " + std::to_string(host.generation);
  if (before != nullptr) {
    say(observe::Level::kInfo, text + ", and " + before->text() + " leaves");
    before->role = Role::kLeaving;
    before->kill_at = std::min(before->kill_at, clock_.now() + before->stop + options_.stop_grace);
    if (!before->tell(Kind::kLeave, text)) before->signal(SIGTERM);
  } else {
    say(observe::Level::kInfo, text);
  }
  start_at_ = base::TimePoint::max();
  was_ready_ = true;
  notify_.ready(serving_text());
  restart_standby();
  if (executes) {
    become_file();
  } else if (upgrade) {
    say(observe::Level::kWarn,
        "the supervisor stays the program it was: the new one has another hand-over");
  }
}

void Supervisor::become_file() {
  auto file = write_handover(plan_, hosts_,
                             {.generation = generation_,
                              .refusal = refusal_,
                              .reload_wanted = reload_wanted_,
                              .longest_start = longest_start_});
  if (!file) {
    return say(observe::Level::kWarn,
               "the supervisor stays the program it was: " + file.error().text);
  }
  const auto hand_down = [&](bool inherited) {
    set_inherited(file->get(), inherited);
    for (const net::PlannedSocket& socket : plan_.sockets) {
      set_inherited(socket.socket.get(), inherited);
    }
    for (const Host& host : hosts_) set_inherited(host.link(), inherited);
  };
  Variables variables = options_.variables;
  variables.set("BERTH_HANDOVER", std::to_string(file->get()));
  std::vector<std::string> words = options_.self;
  std::vector<std::string> entries = variables.entries();
  hand_down(true);
  // What the plan and the host are of; found before it is closed.
  const std::string program = "/proc/self/fd/" + std::to_string(program_file_.get());
  (void)::execve(program.c_str(), pointers(words).data(), pointers(entries).data());
  const base::Error error = base::system_error(errno, "execute " + options_.file);
  hand_down(false);
  say(observe::Level::kWarn, "the supervisor stays the program it was: " + error.text);
}

void Supervisor::restart_standby() {
  if (!plan_.standby || stops_ > 0) return;
  standby_at_ = clock_.now();
  if (Host* const standby = find(Role::kStandby)) {
    dismiss(*standby);
    // Reloads may follow each other quickly.
    standby_at_ += options_.standby_pause;
  }
  tell_of_standby();
}

void Supervisor::on_standby_lost(const Host& host) {
  standby_at_ = clock_.now() + std::max(standby_backoff_.next(clock_.now() - host.started_at),
                                        options_.standby_pause);
  tell_of_standby();
}

void Supervisor::dismiss(Host& host) {
  // Nothing was started in one that waits; while it still gets ready it does not listen.
  const bool deaf = host.role == Role::kStandby && !host.ready;
  const base::Duration in_flight = host.accepts ? host.stop : base::Duration::zero();
  host.role = Role::kLeaving;
  host.refused = true;  // how it ends is no news
  host.signal(SIGTERM);
  host.kill_at =
      std::min(host.kill_at, clock_.now() + (deaf ? kDeaf : in_flight + options_.stop_grace));
}

void Supervisor::tell_of_standby() {
  const Host* const serving = find(Role::kServing);
  if (serving == nullptr) return;
  const Host* const standby = find(Role::kStandby);
  serving->tell(Kind::kStandby, standby != nullptr && standby->ready ? "ready" : "starting");
}

}  // namespace berth::supervise
