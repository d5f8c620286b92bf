#include "app/validate.h"

#include <iostream>
#include <utility>

#include "app/generation_draft.h"
#include "app/plugin_probe.h"
#include "app/process.h"
#include "base/clock.h"
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

}  // namespace

int validate(const std::string& file) {
  // Its children have none of what was handed down.
  (void)take_inherited_sockets();
  const config::Environment environment = config::Environment::of_process();
  config::DiskFiles disk;
  config::RecordedFiles files(disk);
  config::Loaded loaded = config::load(file, files, environment);
  auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  base::Status<> checked = base::done();
  if (read) {
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
