#include "app/validate.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <memory>
#include <utility>

#include "app/generation.h"
#include "app/options.h"
#include "app/plugin_log.h"
#include "app/process.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/limits.h"
#include "config/load.h"
#include "net/wait.h"
#include "plugin/private_folder.h"

extern char** environ;

namespace berth::app {

namespace {

int refuse(const std::string& text) {
  std::cerr << "berth: error: " << text << '\n';
  return 1;
}

// The child's end of a pipe closes when it ends, however that comes: a wait with a deadline.
struct Child {
  pid_t pid = -1;
  base::Descriptor alive;
};

base::Result<Child> spawn(const std::string& file) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return base::fail(base::system_error(errno, "pipe2"));
  base::Descriptor ours(pipe[0]);
  const base::Descriptor theirs(pipe[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // dup2 onto itself clears CLOEXEC in the child alone; 3 is the first free one there.
  constexpr int kAlive = 3;
  ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), kAlive);
  std::string binary = binary_path();
  std::string verb = "validate";
  std::string here = "--here";
  std::string option = "--config";
  std::string path = file;
  std::array<char*, 6> arguments{binary.data(), verb.data(), here.data(),
                                 option.data(), path.data(), nullptr};
  Child child;
  const int error =
      ::posix_spawn(&child.pid, binary.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::fail(base::system_error(error, "start " + binary));
  child.alive = std::move(ours);
  return child;
}

}  // namespace

int validate(const std::string& file) {
  auto child = spawn(file);
  if (!child) return refuse(child.error().text);
  const base::Clock& clock = base::system_clock();
  const bool in_time =
      net::wait_readable(child->alive.get(), clock.now() + base::limits::kProbeTimeout) ==
      net::WaitResult::kReady;
  if (!in_time) (void)::kill(child->pid, SIGKILL);
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) return refuse("a plugin did not load within 30 s");
  if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? 0 : 1;
  return refuse(std::string("a plugin crashed while it was loaded: ") +
                ::sigdescr_np(WTERMSIG(status)));
}

int validate_here(const std::string& file) {
  config::Loaded loaded = config::load_file(file);
  if (loaded.configuration) {
    const base::Clock& clock = base::system_clock();
    observe::LogOptions options = log_options(loaded.configuration->log);
    options.writer.output = "stderr";  // validate touches no log file
    options.level = observe::Level::kWarn;
    auto log = observe::Log::open(std::move(options), clock);
    if (!log) return refuse(log.error().text);
    const auto state = plugin::state_folder(state_environment());
    if (!state) return refuse(state.error().text);
    auto folder = plugin::PrivateFolder::create(*state);
    if (!folder) return refuse(folder.error().text);
    const plugin::LoadContext context{.folder = **folder};
    PluginLog sink(**log);
    const auto generation =
        Generation::build(std::move(*loaded.configuration), context, sink, loaded.diagnostics);
  }
  std::cerr << loaded.diagnostics.render();
  if (loaded.diagnostics.errors() > 0) return 1;
  std::cout << file << ": ok\n";
  return 0;
}

}  // namespace berth::app
