#include "app/start.h"

#include <unistd.h>

#include <iostream>
#include <utility>

#include "app/boot.h"
#include "app/process.h"
#include "app/validate.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

// How many generations are kept stands in the configuration; where that cannot be read, none goes.
base::Result<GenerationStore> open_store(const std::string& state, const std::string& file,
                                         const GenerationSource& source) {
  const auto& read = source.loaded.configuration;
  return GenerationStore::open(state, file, read ? read->generations : UINT64_MAX);
}

// The generation that served, if it can go on.
std::optional<GenerationSource> that_goes_on(const RunOptions& options, const std::string& state,
                                             const config::Environment& environment) {
  if (!options.generation) return std::nullopt;
  const auto store = GenerationStore::open(state, options.file, UINT64_MAX);
  if (!store) return std::nullopt;
  auto source = read_again(*store, *options.generation, environment);
  if (!source || !source->loaded.configuration) return std::nullopt;
  return std::move(*source);
}

}  // namespace

int refuse(std::string_view text) {
  std::cerr << "berth: error: " << text << '\n';
  return 1;
}

std::optional<Start> begin_start(const RunOptions& options, bool supervised) {
  const auto refused = [](std::string_view text) {
    (void)refuse(text);
    return std::nullopt;
  };
  if (::geteuid() == 0 && !options.allow_root) {
    return refused(
        "berth does not serve as root: plugins would run with all rights\n"
        "help: run it as another user, or give --allow-root if that is what you want");
  }
  auto inherited = take_inherited_sockets(supervised);
  if (!inherited) return refused(inherited.error().text);
  config::Environment environment = config::Environment::of_process();
  const auto state = plugin::state_folder(state_environment());
  if (!state) return refused(state.error().text);
  auto before = that_goes_on(options, *state, environment);
  GenerationSource source = before ? std::move(*before) : read_files(options.file, environment);
  auto store = open_store(*state, options.file, source);
  std::string because;
  std::string findings = source.loaded.diagnostics.render(colour_of_stderr());
  const bool last_good = options.last_good || options.generation;
  if (!choose_source(source, store ? &*store : nullptr, last_good, environment, because)) {
    // Its plugins are looked at all the same, so that everything wrong is said at once.
    (void)validate(options.file);
    return std::nullopt;
  }
  if (!because.empty()) {
    store = open_store(*state, options.file, source);  // which knows how many are kept
  }
  return Start{.inherited = std::move(*inherited),
               .environment = std::move(environment),
               .runtime = runtime_environment(),
               .state = *state,
               .source = std::move(source),
               .store = std::move(store),
               .because = std::move(because),
               .findings = std::move(findings)};
}

}  // namespace berth::app
