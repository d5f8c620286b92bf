#include "app/validate.h"

#include <unistd.h>

#include <iostream>
#include <utility>

#include "app/generation_draft.h"
#include "app/plugin_probe.h"
#include "app/process.h"
#include "app/serving_user.h"
#include "base/clock.h"
#include "base/identity.h"
#include "config/disk_files.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/recorded_files.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

// Nothing is loaded here, so nothing is logged.
class NoLog final : public plugin::LogSink {
 public:
  void write(const plugin::LogRecord&) noexcept override {}
};

// What a reload would say before it loads anything. Error: why plugins could not be looked at.
base::Status<> check(config::Configuration configuration, const ProbeOptions& probe,
                     config::Diagnostics& diagnostics) {
  const auto state = plugin::state_folder(state_environment());
  if (!state) return base::fail(state.error());
  auto folder = plugin::PrivateFolder::create(*state);
  if (!folder) return base::fail(std::move(folder).error());
  const plugin::LoadContext context{.folder = **folder};
  NoLog sink;
  const BuildOptions options{
      .context = context,
      .sink = sink,
      .clock = base::system_clock(),
      .probe = [&probe](
                   const config::Plugin& entry,
                   const plugin::PluginFile& file) { return probe_plugin(probe, entry, file); },
  };
  const GenerationDraft draft(std::move(configuration), options, diagnostics);
  return base::done();
}

// Root gives itself up for whom `user` names before it starts what loads plugins, as for a server:
// so what that user may not read is found, too. False: there is no such user, which is reported.
base::Result<bool> become_user(const config::Configuration& configuration,
                               config::Diagnostics& diagnostics) {
  if (configuration.user.name.empty()) return true;
  auto user = find_user(configuration.user);
  if (!user) {
    diagnostics.add(std::move(user).error());
    return false;
  }
  if (::geteuid() != 0) return true;
  if (auto ready = prepare_state(*user); !ready) return base::fail(std::move(ready).error());
  if (auto given_up = base::become(*user); !given_up) return base::fail(given_up.error());
  return true;
}

}  // namespace

int validate(const std::string& file) {
  // Its children have none of what was handed down.
  (void)take_inherited_sockets();
  keep_places_of_root();
  const config::Environment environment = config::Environment::of_process();
  config::DiskFiles disk;
  config::RecordedFiles files(disk);
  config::Loaded loaded = config::load(file, files, environment);
  auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  base::Status<> checked = base::done();
  const auto is_user = read ? become_user(*read, loaded.diagnostics) : base::Result<bool>(false);
  if (!is_user) {
    checked = base::fail(is_user.error());
  } else if (*is_user) {
    ProbeStarter starter(environment);
    const ProbeOptions probe{.configuration = file,
                             .recording = files.recording(),
                             .starter = starter,
                             .timeout = read->timeouts.probe};
    checked = check(std::move(*read), probe, loaded.diagnostics);
  }
  std::cerr << loaded.diagnostics.render(colour_of_stderr());
  if (!checked) std::cerr << "berth: error: " << checked.error().text << '\n';
  if (!checked || loaded.diagnostics.errors() > 0) return 1;
  std::cout << config::printable(file) << ": ok\n";
  return 0;
}

}  // namespace berth::app
