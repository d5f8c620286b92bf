#include "app/plugin_probe.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/probe_descriptors.h"
#include "app/probe_report.h"
#include "base/descriptor.h"
#include "net/wait.h"

namespace berth::app {

namespace {

// This very program, also where its file was replaced by an upgrade meanwhile.
constexpr const char* kThisProgram = "/proc/self/exe";
// How often it is asked whether the probe is still wanted, and without a pidfd whether it has
// ended.
constexpr auto kLookAgain = std::chrono::milliseconds(20);
constexpr useconds_t kLookAgainMicroseconds = 1000;

using Stage = ProbeState::Stage;

plugin::Findings finding(const config::Plugin& entry, const std::string& path,
                         const std::string& what) {
  config::Diagnostic diagnostic;
  diagnostic.position = entry.file_position;
  diagnostic.what = "plugin \"" + entry.alias + "\", " + path + ": " + what;
  return {std::move(diagnostic)};
}

// The same file under a number that no inherited one takes.
base::Result<base::Descriptor> out_of_the_way(const base::Descriptor& file) {
  base::Descriptor high(::fcntl(file.get(), F_DUPFD_CLOEXEC, kProbeImage + 1));
  if (!high) return base::fail(base::system_error(errno, "fcntl"));
  return high;
}

base::Result<base::Descriptor> file_of(std::string_view bytes) {
  const base::Descriptor file(::memfd_create("berth-probe", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count =
        ::pwrite(file.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(base::system_error(errno, "write to a memfd"));
    at += static_cast<std::size_t>(count);
  }
  return out_of_the_way(file);
}

struct Inherited {
  base::Descriptor report;
  base::Descriptor recording;
  base::Descriptor image;
};

base::Result<Inherited> make_inherited(const ProbeOptions& options,
                                       const plugin::PluginFile& file) {
  const auto report = make_probe_report();
  if (!report) return base::fail(report.error());
  auto high = out_of_the_way(*report);
  if (!high) return base::fail(std::move(high).error());
  auto recording = file_of(config::serialise(options.recording));
  if (!recording) return base::fail(std::move(recording).error());
  auto image = file_of(file.bytes);
  if (!image) return base::fail(std::move(image).error());
  return Inherited{std::move(*high), std::move(*recording), std::move(*image)};
}

// What posix_spawn() is to do on the way.
class SpawnPlan {
 public:
  explicit SpawnPlan(const Inherited& inherited) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // What a plugin prints has no place among the server's own lines.
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, inherited.report.get(), kProbeReport);
    ::posix_spawn_file_actions_adddup2(&actions_, inherited.recording.get(), kProbeRecording);
    ::posix_spawn_file_actions_adddup2(&actions_, inherited.image.get(), kProbeImage);
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

  [[nodiscard]] base::Result<pid_t> start(std::vector<std::string> words,
                                          std::vector<std::string> variables) const {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> result;
      for (std::string& text : texts) result.push_back(text.data());
      result.push_back(nullptr);
      return result;
    };
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, words.front().c_str(), &actions_, &attributes_,
                                    pointers(words).data(), pointers(variables).data());
    if (error != 0) return base::fail(base::system_error(error, "start " + words.front()));
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

// Its wait status; nothing if it was killed at the deadline. What it left running is killed, too.
std::optional<int> wait_for(pid_t pid, base::TimePoint deadline,
                            const std::function<bool()>& aborted) {
  const bool in_time = ends_by(pid, deadline, aborted);
  (void)::kill(-pid, SIGKILL);  // its number is its group's until it is waited for
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return std::nullopt;
  return status;
}

std::string text_of(base::Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string end_of(std::optional<int> status, base::Duration timeout) {
  const bool overdue = !status || (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGXCPU);
  if (overdue) return "did not come to an end within " + text_of(timeout);
  if (WIFSIGNALED(*status)) return std::string("crashed: ") + ::sigdescr_np(WTERMSIG(*status));
  return "ended itself with exit code " + std::to_string(WEXITSTATUS(*status));
}

}  // namespace

base::Status<plugin::Findings> probe_plugin(const ProbeOptions& options,
                                            const config::Plugin& entry,
                                            const plugin::PluginFile& file) {
  const auto impossible = [&](const base::Error& error) {
    return base::fail(finding(entry, file.path, "it cannot be probed: " + error.text));
  };
  const auto inherited = make_inherited(options, file);
  if (!inherited) return impossible(inherited.error());
  std::vector<std::string> variables;
  for (const auto& [name, value] : options.environment.variables()) {
    variables.push_back(name + "=" + value);
  }
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.timeout).count();
  const auto pid =
      SpawnPlan(*inherited)
          .start({kThisProgram, "probe", "--config", options.configuration, "--plugin", entry.alias,
                  "--file", file.path, "--cpu-seconds", std::to_string(seconds)},
                 std::move(variables));
  if (!pid) return impossible(pid.error());
  const auto status = wait_for(*pid, base::system_clock().now() + options.timeout, options.aborted);
  ProbeState state = read_probe_report(inherited->report.get());
  if (status && WIFEXITED(*status)) {
    if (state.stage == Stage::kFit && WEXITSTATUS(*status) == 0) return base::done();
    if (state.stage == Stage::kRefused && !state.findings.empty()) {
      return base::fail(std::move(state.findings));
    }
  }
  std::string what = "the process that loaded it " + end_of(status, options.timeout);
  if (state.stage == Stage::kInPlugin && !state.doing.empty()) what += ", " + state.doing;
  return base::fail(finding(entry, file.path, what));
}

}  // namespace berth::app
