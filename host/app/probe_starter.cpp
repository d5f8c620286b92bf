#include "app/probe_starter.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "net/descriptor_message.h"
#include "net/wait.h"

namespace berth::app {

namespace {

// This very program, also where its file was replaced by an upgrade meanwhile.
constexpr const char* kThisProgram = "/proc/self/exe";
// How often it is asked whether the probe is still wanted.
constexpr auto kLookAgain = std::chrono::milliseconds(20);
// For a probe that was killed to have ended.
constexpr auto kGrace = std::chrono::seconds(1);
// Of a message of the starter: a number.
constexpr std::size_t kMostOfAnswer = 32;

base::Status<> fill(const base::Descriptor& file, std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count =
        ::pwrite(file.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(base::system_error(errno, "write to a memfd"));
    at += static_cast<std::size_t>(count);
  }
  return base::done();
}

// What posix_spawn() is to do on the way.
class SpawnPlan {
 public:
  // socket: no kProbeSocket.
  explicit SpawnPlan(const base::Descriptor& socket) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What a plugin prints has no place among the server's own lines.
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, socket.get(), kProbeSocket);
    ::posix_spawnattr_init(&attributes_);
    // Threads of the host block all signals; a crash has to be one.
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    // So that what it starts goes with it.
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  [[nodiscard]] base::Result<pid_t> start(const config::Environment& environment) const {
    std::vector<std::string> words{kThisProgram, "probe"};
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment.variables()) {
      variables.push_back(name + "=" + value);
    }
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, kThisProgram, &actions_, &attributes_,
                                    pointers(words).data(), pointers(variables).data());
    if (error != 0) return base::fail(base::system_error(error, "start the process of probes"));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

base::Failure<base::Error> died() {
  return base::fail(base::ErrorCode::kClosed, "the process that starts probes has ended");
}

base::Result<int> number_in(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) {
    return base::fail(base::ErrorCode::kExhausted, "no process could be forked for it");
  }
  return number;
}

// It is not waited for yet: its number, and its group's, is nobody else's. What has left the group
// stays.
void kill_probe(pid_t pid) noexcept {
  (void)::kill(pid, SIGKILL);
  (void)::kill(-pid, SIGKILL);
}

}  // namespace

base::Status<> ProbeStarter::prepare() {
  if (waits()) return base::done();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::system_error(errno, "socketpair"));
  }
  base::Descriptor ours(ends[0]);
  const base::Descriptor theirs(ends[1]);
  // Under a number that dup2() has something to do for: else it would be closed by exec.
  const base::Descriptor high(::fcntl(theirs.get(), F_DUPFD_CLOEXEC, kProbeSocket + 1));
  if (!high) return base::fail(base::system_error(errno, "fcntl"));
  const auto pid = SpawnPlan(high).start(environment_);
  if (!pid) return base::fail(pid.error());
  pid_ = *pid;
  // glibc 2.36 declares pidfd_open() without C linkage. None: a kernel before 5.3, or valgrind.
  process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  socket_ = std::move(ours);
  return base::done();
}

void ProbeStarter::end() noexcept {
  socket_.reset();
  if (pid_ < 0) return;
  // Somebody in this process may have waited for it, and its number be another's by now.
  if (process_) {
    (void)::syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0);
  } else {
    (void)::kill(pid_, SIGKILL);
  }
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_.reset();
  pid_ = -1;
}

base::Result<std::optional<int>> ProbeStarter::answer(base::TimePoint deadline,
                                                      const std::function<bool()>& aborted) {
  for (;;) {
    const base::TimePoint now = base::system_clock().now();
    const base::TimePoint until = aborted ? std::min(deadline, now + kLookAgain) : deadline;
    // Its end, too: who has forked in this process meanwhile keeps its socket open.
    std::array<pollfd, 2> entries{{{socket_.get(), POLLIN, 0}, {process_.get(), POLLIN, 0}}};
    const net::WaitResult waited = net::wait_any(entries, until);
    if (waited == net::WaitResult::kError) return died();
    if (waited == net::WaitResult::kReady) {
      const auto message = net::receive_message(socket_.get(), kMostOfAnswer, net::Await::kNo);
      if (!message || !*message) return died();
      const auto number = number_in((*message)->text);
      if (!number) return base::fail(number.error());
      return std::optional<int>(*number);
    }
    if (now >= deadline || (aborted && aborted())) return std::optional<int>();
  }
}

base::Result<std::optional<pid_t>> ProbeStarter::fork(std::string_view task, const Files& files,
                                                      base::TimePoint deadline,
                                                      const std::function<bool()>& aborted) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready).error());
  std::array<int, kProbeFiles> numbers{};
  std::transform(files.begin(), files.end(), numbers.begin(),
                 [](const base::Descriptor& file) { return file.get(); });
  if (!net::send_message(socket_.get(), task, numbers)) return died();
  return answer(deadline, aborted);
}

base::Result<std::optional<int>> ProbeStarter::wait_for(pid_t pid, base::TimePoint deadline,
                                                        const std::function<bool()>& aborted) {
  auto status = answer(deadline, aborted);
  const bool late = status && !*status;
  if (late) {
    kill_probe(pid);
    status = answer(base::system_clock().now() + kGrace, {});
  }
  kill_probe(pid);  // what it has left
  if (!status) return base::fail(std::move(status).error());
  // Stopped, say.
  if (!*status) end();
  if (*status && !net::send_message(socket_.get(), kReap)) return died();
  return late ? std::optional<int>() : *status;
}

base::Result<ProbeEnd> ProbeStarter::probe(const ProbeTask& task, std::string_view recording,
                                           std::string_view image, base::TimePoint deadline,
                                           const std::function<bool()>& aborted) {
  const std::string text = serialise(task);
  if (text.size() > kMostOfTask) {
    return base::fail(base::ErrorCode::kInvalidArgument, "its path is too long");
  }
  Files files;
  for (base::Descriptor& file : files) {
    auto made = make_probe_file();
    if (!made) return base::fail(std::move(made).error());
    file = std::move(*made);
  }
  if (auto filled = fill(files[kProbeRecording], recording); !filled) {
    return base::fail(std::move(filled).error());
  }
  if (auto filled = fill(files[kProbeImage], image); !filled) {
    return base::fail(std::move(filled).error());
  }
  const bool waited = waits();
  auto pid = fork(text, files, deadline, aborted);
  if (!pid && waited && pid.error().code == base::ErrorCode::kClosed) {
    end();  // it has died meanwhile: for want of memory, say
    pid = fork(text, files, deadline, aborted);
  }
  if (!pid) {
    if (pid.error().code == base::ErrorCode::kClosed) end();
    return base::fail(std::move(pid).error());
  }
  std::optional<int> status;
  if (*pid) {
    auto ended = wait_for(**pid, deadline, aborted);
    if (!ended) {
      end();
      return base::fail(std::move(ended).error());
    }
    status = *ended;
  } else {
    end();
  }
  return ProbeEnd{.status = status, .state = read_probe_report(files[kProbeReport].get())};
}

}  // namespace berth::app
