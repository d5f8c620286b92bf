#include "supervise/host_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace berth::supervise {

namespace {

constexpr int kFirst = STDERR_FILENO + 1;

// What posix_spawn() is to do on the way.
class SpawnPlan {
 public:
  explicit SpawnPlan(bool holds_signals) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    ::sigemptyset(&signals);
    if (holds_signals) {
      for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::sigaddset(&signals, number);
    }
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
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

  // By way of numbers above all wanted ones: those may be among what is copied.
  [[nodiscard]] base::Status<> give(const std::vector<int>& descriptors, int program_file) {
    const int behind = kFirst + static_cast<int>(descriptors.size());
    const auto copy = [&](int descriptor) {
      copies_.emplace_back(::fcntl(descriptor, F_DUPFD_CLOEXEC, behind));
      return copies_.back().get();
    };
    const auto failed = [] {
      return base::fail(base::system_error(errno, "hand down a descriptor"));
    };
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      const int number = copy(descriptors[i]);
      if (number < 0) return failed();
      ::posix_spawn_file_actions_adddup2(&actions_, number, kFirst + static_cast<int>(i));
    }
    if (program_file < 0) return base::done();
    // The child looks it up before it closes it.
    const int number = copy(program_file);
    if (number < 0) return failed();
    program_ = "/proc/self/fd/" + std::to_string(number);
    return base::done();
  }

  [[nodiscard]] base::Result<pid_t> start(const SpawnOptions& options) const {
    std::vector<std::string> words = options.arguments;
    std::vector<std::string> variables = options.environment;
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    pid_t pid = -1;
    const std::string& program = program_.empty() ? options.program : program_;
    const int error = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_,
                                    pointers(words).data(), pointers(variables).data());
    if (error != 0) return base::fail(base::system_error(error, "start " + options.program));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  std::vector<base::Descriptor> copies_;
  std::string program_;  // by which it is found; empty: as the options say
};

}  // namespace

// glibc 2.36 declares pidfd_open() without C linkage.
HostProcess::HostProcess(pid_t pid) noexcept
    : pid_(pid), pidfd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

base::Result<HostProcess> HostProcess::spawn(const SpawnOptions& options) {
  SpawnPlan plan(options.holds_signals);
  if (auto given = plan.give(options.descriptors, options.program_file); !given) {
    return base::fail(std::move(given).error());
  }
  const auto pid = plan.start(options);
  if (!pid) return base::fail(pid.error());
  return HostProcess(*pid);
}

HostProcess::HostProcess(HostProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      reaped_(other.reaped_),
      pidfd_(std::move(other.pidfd_)) {}

HostProcess& HostProcess::operator=(HostProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(reaped_, other.reaped_);
  std::swap(pidfd_, other.pidfd_);
  return *this;
}

HostProcess::~HostProcess() noexcept {
  if (pid_ <= 0 || reaped_) return;
  kill_group();
  signal(SIGKILL);  // it may have left its group
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void HostProcess::signal(int number) const noexcept {
  if (pid_ > 0 && !reaped_) (void)::kill(pid_, number);
}

void HostProcess::kill_group() const noexcept {
  if (pid_ > 0 && !reaped_) (void)::kill(-pid_, SIGKILL);
}

std::optional<ProcessEnd> HostProcess::end() noexcept {
  if (pid_ <= 0 || reaped_) return std::nullopt;
  siginfo_t ended{};
  const int options = WEXITED | WNOHANG | WNOWAIT;
  if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, options) != 0 || ended.si_pid != pid_) {
    return std::nullopt;
  }
  kill_group();  // its number is its group's until it is waited for
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  pidfd_.reset();
  return ProcessEnd::of_status(status);
}

}  // namespace berth::supervise
