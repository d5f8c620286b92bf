#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/options.h"
#include "app/plugin_log.h"
#include "app/plugin_probe.h"
#include "app/probe_protocol.h"
#include "app/probe_report.h"
#include "app/probe_task.h"
#include "app/process.h"
#include "app/serving_user.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/identity.h"
#include "base/privileges.h"
#include "config/load.h"
#include "net/descriptor_message.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

using Stage = ProbeState::Stage;
using Files = std::array<base::Descriptor, kProbeFiles>;

// Less of a busy core than the loop has that serves on it: requests come first, and a reload takes
// some milliseconds longer.
constexpr int kNice = 4;

// The whole of such a file.
base::Result<std::string> contents(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return base::fail(base::system_error(errno, "what the probe is given"));
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t count =
        ::pread(descriptor, bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return base::fail(base::system_error(errno, "what the probe is given"));
    at += static_cast<std::size_t>(count);
  }
  return bytes;
}

void limit(std::uint64_t cpu_seconds) {
  // Nobody wants its core, and where memory runs out it is this process that goes, not the server.
  const rlimit no_core{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &no_core);
  const rlimit cpu{cpu_seconds, cpu_seconds + 1};
  if (cpu_seconds > 0) (void)::setrlimit(RLIMIT_CPU, &cpu);
  const base::Descriptor first(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kMost = "1000";
  if (first) (void)!::write(first.get(), kMost.data(), kMost.size());
}

// Not to outlive who waits for it.
void end_with(pid_t parent) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
}

void add(plugin::Findings& all, plugin::Findings more) {
  for (config::Diagnostic& finding : more) all.push_back(std::move(finding));
}

class Probe {
 public:
  Probe(const config::Configuration& configuration, const config::Plugin& entry,
        const ProbeReport& report)
      : configuration_(configuration), entry_(entry), report_(report) {}

  // All that is wrong.
  plugin::Findings run(plugin::PluginFile file, const plugin::LoadContext& context,
                       plugin::LogSink& sink);

 private:
  void make_all(plugin::Plugin& plugin, plugin::Findings& findings) const;

  const config::Configuration& configuration_;
  const config::Plugin& entry_;
  const ProbeReport& report_;
};

plugin::Findings Probe::run(plugin::PluginFile file, const plugin::LoadContext& context,
                            plugin::LogSink& sink) {
  report_.write(Stage::kInPlugin, "while it was loaded");
  plugin::PluginOptions options{
      .alias = entry_.alias,
      .path = file.path,
      .config = entry_.config,
      .position = entry_.file_position,
      .strict_permissions = false,  // whoever read the file has judged them
  };
  auto loaded = plugin::Plugin::load(std::move(options), file, context, sink);
  if (!loaded) return std::move(loaded).error();
  plugin::Findings findings;
  make_all(**loaded, findings);
  if (findings.empty()) {
    report_.write(Stage::kInPlugin, "while it tested itself (self_test)");
    if (auto fit = (*loaded)->self_test(); !fit) add(findings, std::move(fit).error());
  }
  report_.write(Stage::kInPlugin, "while it was taken down again");
  loaded->reset();
  return findings;
}

void Probe::make_all(plugin::Plugin& plugin, plugin::Findings& findings) const {
  for (const config::Route& route : configuration_.routes) {
    const auto begin = [&](const char* what) {
      report_.write(Stage::kInPlugin, std::string("while it made ") + what + route.pattern);
    };
    const auto make = [&](const char* what, const auto& handler) {
      if (handler.plugin != entry_.alias) return;
      begin(what);
      if (auto made = plugin.make({.kind = handler.kind,
                                   .pattern = route.pattern,
                                   .config = handler.config,
                                   .position = handler.handler_position});
          !made) {
        add(findings, std::move(made).error());
      }
    };
    make("the handler of ", route);
    if (route.fallback) make("the fallback of ", *route.fallback);
    for (const config::Middleware& middleware : route.with) {
      if (middleware.plugin != entry_.alias) continue;
      begin("the middleware of ");
      if (auto made = plugin.make_middleware({.kind = middleware.kind,
                                              .pattern = route.pattern,
                                              .config = middleware.config,
                                              .position = middleware.handler_position});
          !made) {
        add(findings, std::move(made).error());
      }
    }
  }
}

// Where root probes, for `berth plugin install`.
base::Status<> leave_root(const config::User& named) {
  if (::geteuid() != 0 || named.name.empty()) return base::done();
  const auto user = find_user(named);
  if (!user) return base::fail(base::ErrorCode::kNotFound, user.error().what);
  const pid_t starter = ::getppid();
  if (auto become = base::become(*user); !become) return become;
  end_with(starter);  // which is forgotten by a change of the user
  return base::give_up_privileges();
}

// Error: why there is nothing to be said of the plugin.
base::Result<plugin::Findings> look(const ProbeTask& arguments, const Files& given,
                                    const ProbeReport& report) {
  if (auto given_up = base::give_up_privileges(); !given_up) return base::fail(given_up.error());
  const auto bytes = contents(given[kProbeRecording].get());
  if (!bytes) return base::fail(bytes.error());
  const auto recording = config::parse_recording(*bytes);
  if (!recording) return base::fail(recording.error());
  auto image = contents(given[kProbeImage].get());
  if (!image) return base::fail(image.error());
  config::ReplayedFiles files(*recording);
  const config::Loaded loaded =
      config::load(arguments.configuration, files, config::Environment::of_process());
  const auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  const config::Plugin* const entry = read ? read->find_plugin(arguments.alias) : nullptr;
  if (entry == nullptr) {
    return base::fail(base::ErrorCode::kNotFound, "the recorded configuration has no such plugin");
  }
  if (auto user = leave_root(read->user); !user) return base::fail(std::move(user).error());
  observe::LogOptions log_to = log_options(read->log);
  log_to.writer.output = "stderr";
  log_to.level = observe::Level::kWarn;
  auto log = observe::Log::open(std::move(log_to), base::system_clock());
  if (!log) return base::fail(std::move(log).error());
  const auto state = plugin::state_folder(state_environment());
  if (!state) return base::fail(state.error());
  auto folder = plugin::PrivateFolder::create(*state);
  if (!folder) return base::fail(std::move(folder).error());
  const plugin::LoadContext context{.folder = **folder};
  PluginLog sink(**log);
  plugin::PluginFile file;
  file.path = arguments.path;
  file.bytes = std::move(*image);
  return Probe(*read, *entry, report).run(std::move(file), context, sink);
}

// In a process of its own. Ends it: 0 fit, 1 not.
[[noreturn]] void probe(const ProbeTask& task, const Files& files) {
  limit(task.cpu_seconds);
  const ProbeReport report(files[kProbeReport].get());
  report.write(Stage::kBegun);
  const auto findings = look(task, files, report);
  if (!findings) {
    config::Diagnostic why;
    why.position.file = task.configuration;
    why.what = "plugin \"" + task.alias + "\" cannot be probed: " + findings.error().text;
    report.refuse({why});
  } else if (findings->empty()) {
    report.write(Stage::kFit);
  } else {
    report.refuse(*findings);
  }
  // What it may have left behind has no say in the verdict.
  ::_exit(findings && findings->empty() ? 0 : 1);
}

// Its number; -1: there is none.
pid_t fork_probe(base::Descriptor& host, const ProbeTask& task, const Files& files) {
  const pid_t starter = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    end_with(starter);
    // So that what it starts goes with it; here and there, as either may come first.
    (void)::setpgid(0, 0);
    host.reset();
    probe(task, files);
  }
  if (pid > 0) (void)::setpgid(pid, pid);
  return pid;
}

// As waitpid(2) will tell it.
int await_end(pid_t pid) {
  siginfo_t end{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT) != 0) {
    if (errno != EINTR) ::_exit(1);  // nobody knows what became of it
  }
  return end.si_code == CLD_EXITED ? W_EXITCODE(end.si_status, 0) : W_EXITCODE(0, end.si_status);
}

// Whether the host still listens.
bool serve(base::Descriptor& host, net::DescriptorMessage order) {
  const auto task = parse_probe_task(order.text);
  Files files;
  pid_t pid = -1;
  if (task && order.descriptors.size() == files.size()) {
    std::move(order.descriptors.begin(), order.descriptors.end(), files.begin());
    pid = fork_probe(host, *task, files);
  }
  if (pid < 0) return net::send_message(host.get(), kNoProbe).ok();
  files = {};
  if (!net::send_message(host.get(), std::to_string(pid))) return false;
  if (!net::send_message(host.get(), std::to_string(await_end(pid)))) return false;
  const auto told = net::receive_message(host.get(), kReap.size(), net::Await::kYes);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return told.ok();
}

}  // namespace

void run_probe() {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)::nice(kNice);
  (void)take_inherited_sockets();  // what probes start is not to inherit the host's
  base::Descriptor host(kProbeSocket);
  for (;;) {
    auto order = net::receive_message(host.get(), kMostOfTask, net::Await::kYes);
    if (!order || !*order || !serve(host, std::move(**order))) ::_exit(0);
  }
}

}  // namespace berth::app
