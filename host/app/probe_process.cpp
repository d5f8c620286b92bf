#include "app/probe_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "app/probe_descriptors.h"
#include "net/wait.h"

namespace berth::app {

namespace {

// This very program, also where its file was replaced by an upgrade meanwhile.
constexpr const char* kThisProgram = "/proc/self/exe";
// How often it is asked whether the probe is still wanted, and without a pidfd whether it has
// ended.
constexpr auto kLookAgain = std::chrono::milliseconds(20);
constexpr useconds_t kLookAgainMicroseconds = 1000;

constexpr std::array<int, 4> kInherited{kProbeReport, kProbeRecording, kProbeImage, kProbeTask};
using Inherited = std::array<base::Descriptor, kInherited.size()>;

// The same file under a number that no inherited one takes.
base::Result<base::Descriptor> out_of_the_way(const base::Descriptor& file) {
  base::Descriptor high(::fcntl(file.get(), F_DUPFD_CLOEXEC, kProbeTask + 1));
  if (!high) return base::fail(base::system_error(errno, "fcntl"));
  return high;
}

base::Result<base::Descriptor> empty_file() {
  const base::Descriptor file(::memfd_create("berth-probe", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  return out_of_the_way(file);
}

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

// All of it, and the end.
base::Status<> send_whole(const base::Descriptor& socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return base::fail(base::system_error(errno, "tell a probe"));
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::shutdown(socket.get(), SHUT_WR) != 0) {
    return base::fail(base::system_error(errno, "tell a probe"));
  }
  return base::done();
}

// What posix_spawn() is to do on the way.
class SpawnPlan {
 public:
  explicit SpawnPlan(const Inherited& inherited) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What a plugin prints has no place among the server's own lines.
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    for (std::size_t i = 0; i < kInherited.size(); ++i) {
      ::posix_spawn_file_actions_adddup2(&actions_, inherited[i].get(), kInherited[i]);
    }
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
    if (error != 0) return base::fail(base::system_error(error, "start the process of a probe"));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Whether it has ended; it can still be waited for.
bool has_ended(pid_t pid) {
  siginfo_t end{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         end.si_pid == pid;
}

bool ends_by(pid_t pid, base::TimePoint deadline, const std::function<bool()>& aborted) {
  // glibc 2.36 declares pidfd_open() without C linkage.
  const base::Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (;;) {
    const base::TimePoint now = base::system_clock().now();
    if (process) {
      const base::TimePoint until = aborted ? std::min(deadline, now + kLookAgain) : deadline;
      if (net::wait_readable(process.get(), until) == net::WaitResult::kReady) return true;
    } else {  // a kernel before 5.3, or valgrind
      if (has_ended(pid)) return true;
      ::usleep(kLookAgainMicroseconds);
    }
    if (now >= deadline || (aborted && aborted())) return false;
  }
}

}  // namespace

base::Result<ProbeProcess> ProbeProcess::start(const config::Environment& environment) {
  const auto report = make_probe_report();
  if (!report) return base::fail(report.error());
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::system_error(errno, "socketpair"));
  }
  ProbeProcess process;
  process.task_ = base::Descriptor(ends[0]);
  const base::Descriptor theirs(ends[1]);
  std::array<base::Result<base::Descriptor>, kInherited.size()> files{
      out_of_the_way(*report), empty_file(), empty_file(), out_of_the_way(theirs)};
  Inherited inherited;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i]) return base::fail(files[i].error());
    inherited[i] = std::move(*files[i]);
  }
  const auto pid = SpawnPlan(inherited).start(environment);
  if (!pid) return base::fail(pid.error());
  process.pid_ = *pid;
  process.report_ = std::move(inherited[0]);
  process.recording_ = std::move(inherited[1]);
  process.image_ = std::move(inherited[2]);
  return process;
}

ProbeProcess::ProbeProcess(ProbeProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      report_(std::move(other.report_)),
      recording_(std::move(other.recording_)),
      image_(std::move(other.image_)),
      task_(std::move(other.task_)) {}

ProbeProcess& ProbeProcess::operator=(ProbeProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(report_, other.report_);
  std::swap(recording_, other.recording_);
  std::swap(image_, other.image_);
  std::swap(task_, other.task_);
  return *this;
}

ProbeProcess::~ProbeProcess() noexcept {
  if (pid_ > 0) (void)reap();
}

int ProbeProcess::reap() noexcept {
  (void)::kill(-pid_, SIGKILL);  // its number is its group's until it is waited for
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

base::Status<> ProbeProcess::tell(const ProbeTask& task, std::string_view recording,
                                  std::string_view image) {
  if (auto filled = fill(recording_, recording); !filled) return filled;
  if (auto filled = fill(image_, image); !filled) return filled;
  return send_whole(task_, serialise(task));
}

std::optional<int> ProbeProcess::wait(base::TimePoint deadline,
                                      const std::function<bool()>& aborted) {
  const bool in_time = ends_by(pid_, deadline, aborted);
  const int status = reap();
  if (!in_time) return std::nullopt;
  return status;
}

ProbeState ProbeProcess::report() const { return read_probe_report(report_.get()); }

}  // namespace berth::app
