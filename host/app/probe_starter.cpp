#include "app/probe_starter.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
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
// Of a message of the starter: a number.
constexpr std::size_t kMostOfAnswer = 32;

base::Result<base::Descriptor> empty_file() {
  base::Descriptor file(::memfd_create("berth-probe", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  return file;
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

base::Result<int> number_in(const base::Result<std::optional<net::DescriptorMessage>>& message) {
  if (!message || !*message) return died();
  const std::string& text = (*message)->text;
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) {
    return base::fail(base::ErrorCode::kExhausted, "no process could be forked for it");
  }
  return number;
}

void kill_group(pid_t pid) noexcept { (void)::kill(-pid, SIGKILL); }

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
  socket_ = std::move(ours);
  return base::done();
}

void ProbeStarter::end() noexcept {
  socket_.reset();
  if (pid_ < 0) return;
  kill_group(pid_);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

base::Result<pid_t> ProbeStarter::fork(const ProbeTask& task, const Files& files) {
  if (auto ready = prepare(); !ready) return base::fail(std::move(ready).error());
  std::array<int, kProbeFiles> numbers{};
  std::transform(files.begin(), files.end(), numbers.begin(),
                 [](const base::Descriptor& file) { return file.get(); });
  if (auto sent = net::send_message(socket_.get(), serialise(task), numbers); !sent) {
    return base::fail(std::move(sent).error());
  }
  return number_in(net::receive_message(socket_.get(), kMostOfAnswer, net::Await::kYes));
}

base::Result<std::optional<int>> ProbeStarter::wait_for(pid_t pid, base::TimePoint deadline,
                                                        const std::function<bool()>& aborted) {
  bool in_time = true;
  for (;;) {
    const base::TimePoint now = base::system_clock().now();
    const base::TimePoint until = aborted ? std::min(deadline, now + kLookAgain) : deadline;
    if (net::wait_readable(socket_.get(), until) == net::WaitResult::kReady) break;
    if (now < deadline && !(aborted && aborted())) continue;
    in_time = false;
    kill_group(pid);
    break;
  }
  const auto status =
      number_in(net::receive_message(socket_.get(), kMostOfAnswer, net::Await::kYes));
  kill_group(pid);  // what it has left
  if (!status) return base::fail(status.error());
  if (auto told = net::send_message(socket_.get(), kReap); !told) {
    return base::fail(std::move(told).error());
  }
  if (!in_time) return std::optional<int>();
  return std::optional<int>(*status);
}

base::Result<ProbeEnd> ProbeStarter::probe(const ProbeTask& task, std::string_view recording,
                                           std::string_view image, base::TimePoint deadline,
                                           const std::function<bool()>& aborted) {
  Files files;
  for (base::Descriptor& file : files) {
    auto made = empty_file();
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
  auto pid = fork(task, files);
  if (!pid && waited) {  // it has died meanwhile: of want of memory, say
    end();
    pid = fork(task, files);
  }
  auto status = pid ? wait_for(*pid, deadline, aborted) : base::fail(std::move(pid).error());
  if (!status) {
    end();
    return base::fail(std::move(status).error());
  }
  return ProbeEnd{.status = *status, .state = read_probe_report(files[kProbeReport].get())};
}

}  // namespace berth::app
