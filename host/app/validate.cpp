#include "app/validate.h"

#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "app/generation.h"
#include "app/options.h"
#include "app/plugin_log.h"
#include "app/probe_report.h"
#include "app/process.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/limits.h"
#include "config/load.h"
#include "config/printable.h"
#include "net/wait.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

using Stage = ProbeState::Stage;

// The report's number in the child: the first free one there.
constexpr int kReport = 3;

int refuse(const std::string& text) {
  std::cerr << "berth: error: " << text << '\n';
  return 1;
}

base::Result<pid_t> start_probe(const std::string& file, int report) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // Clears CLOEXEC in the child alone, even where both numbers are the same.
  ::posix_spawn_file_actions_adddup2(&actions, report, kReport);
  std::string binary = binary_path();
  std::array<std::string, 4> words{"probe", "--config", file,
                                   "--report=" + std::to_string(kReport)};
  std::array<char*, 6> arguments{binary.data(),   words[0].data(), words[1].data(),
                                 words[2].data(), words[3].data(), nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, binary.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::fail(base::system_error(error, "start " + binary));
  return pid;
}

// Its wait status; nothing if it was killed at the deadline.
std::optional<int> wait_for(pid_t pid, base::TimePoint deadline) {
  // glibc 2.36 declares pidfd_open() without C linkage.
  const base::Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  // Without a pidfd (a kernel before 5.3) the wait has no deadline.
  const bool in_time =
      !process || net::wait_readable(process.get(), deadline) == net::WaitResult::kReady;
  if (!in_time) (void)::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return std::nullopt;
  return status;
}

std::string end_of(std::optional<int> status) {
  if (!status) {
    const auto limit = std::chrono::floor<std::chrono::seconds>(base::limits::kProbeTimeout);
    return "did not come to an end within " + std::to_string(limit.count()) + " s";
  }
  if (WIFSIGNALED(*status)) return std::string("crashed: ") + ::sigdescr_np(WTERMSIG(*status));
  return "ended itself with exit code " + std::to_string(WEXITSTATUS(*status));
}

// The probe took its findings with it: those on the file are made again.
int tell_end(const std::string& file, const ProbeState& state, std::optional<int> status) {
  config::Loaded loaded = config::load_file(file, config::Environment::of_process());
  const auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  const config::Plugin* const plugin =
      read && state.stage == Stage::kInPlugin ? read->find_plugin(state.plugin) : nullptr;
  if (plugin != nullptr) {
    loaded.diagnostics.error(plugin->file_position,
                             "plugin \"" + plugin->alias + "\", " + plugin_path(plugin->file) +
                                 ": the process that loaded it " + end_of(status),
                             "what else is wrong with plugins and routes is not known yet");
  }
  std::cerr << loaded.diagnostics.render(colour_of_stderr());
  return plugin != nullptr ? 1 : refuse("the process that loads plugins " + end_of(status));
}

// Error: why the plugins could not be looked at.
base::Status<> check_plugins(config::Configuration configuration, config::Diagnostics& diagnostics,
                             const ProbeReport& report) {
  observe::LogOptions options = log_options(configuration.log);
  options.writer.output = "stderr";  // validate touches no log file
  options.level = observe::Level::kWarn;
  auto log = observe::Log::open(std::move(options), base::system_clock());
  if (!log) return base::fail(std::move(log).error());
  const auto state = plugin::state_folder(state_environment());
  if (!state) return base::fail(state.error());
  auto folder = plugin::PrivateFolder::create(*state);
  if (!folder) return base::fail(std::move(folder).error());
  const plugin::LoadContext context{.folder = **folder};
  PluginLog sink(**log);
  const auto generation = Generation::build(
      std::move(configuration), context, sink, diagnostics,
      [&](const config::Plugin& plugin) { report.write(Stage::kInPlugin, plugin.alias); });
  return base::done();
}

}  // namespace

int validate(const std::string& file) {
  const auto report = make_probe_report();
  if (!report) return refuse(report.error().text);
  const auto pid = start_probe(file, report->get());
  if (!pid) return refuse(pid.error().text);
  const auto status = wait_for(*pid, base::system_clock().now() + base::limits::kProbeTimeout);
  const ProbeState state = read_probe_report(report->get());
  const bool ended = status && WIFEXITED(*status);
  if (ended && state.stage == Stage::kRefused) return 1;
  if (ended && state.stage == Stage::kFit && WEXITSTATUS(*status) == 0) {
    std::cout << config::printable(file) << ": ok\n";
    return 0;
  }
  return tell_end(file, state, status);
}

int probe(const std::string& file, int descriptor) {
  const ProbeReport report(descriptor);
  report.write(Stage::kBegun);
  (void)take_inherited_sockets();  // plugins are not to see the variables; nothing is listened at
  config::Loaded loaded = config::load_file(file, config::Environment::of_process());
  const auto colour = colour_of_stderr();
  auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  base::Status<> checked = base::done();
  if (read) checked = check_plugins(std::move(*read), loaded.diagnostics, report);
  std::cerr << loaded.diagnostics.render(colour);
  const bool fit = checked && loaded.diagnostics.errors() == 0;
  if (!checked) std::cerr << "berth: error: " << checked.error().text << '\n';
  report.write(fit ? Stage::kFit : Stage::kRefused);
  return fit ? 0 : 1;
}

}  // namespace berth::app
