#include "app/start.h"

#include <unistd.h>

#include <iostream>
#include <utility>

#include "app/boot.h"
#include "app/process.h"
#include "app/serving_user.h"
#include "app/validate.h"
#include "config/printable.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

constexpr std::string_view kUserStays =
    "an upgrade cannot change `user`, whose the files of the server are: a restart takes it";

// How many generations are kept stands in the configuration; where that cannot be read, none goes.
base::Result<GenerationStore> open_store(const std::string& state, const std::string& file,
                                         const GenerationSource& source) {
  const auto& read = source.loaded.configuration;
  return GenerationStore::open(state, file, read ? read->generations : UINT64_MAX);
}

struct Chosen {
  base::Result<GenerationStore> store;
};

// With the store that `source` is to be looked for in, if need be, as the user whose it is.
template <class Choose>
base::Result<Chosen> choose(const std::string& file, const std::string& state,
                            const GenerationSource& source,
                            const std::optional<base::Identity>& user, Choose choose_from) {
  const auto as_user = base::AsUser::enter(user);
  if (!as_user) return base::fail(as_user.error());
  const bool is_read = source.loaded.configuration.has_value();
  auto store = open_store(state, file, source);
  const bool is_chosen = choose_from(store ? &*store : nullptr);
  // Which knows how many are kept.
  if (is_chosen && !is_read) store = open_store(state, file, source);
  return Chosen{std::move(store)};
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

// What could be read of it; null: nothing.
const config::Configuration* read_of(const GenerationSource& source) {
  const auto& loaded = source.loaded;
  const auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  return read ? &*read : nullptr;
}

// Whether it cannot be told whom the files name, or that they name nobody.
bool hides_user(const config::Configuration* read) {
  return read == nullptr || (read->user.name.empty() && read->places.contains("user"));
}

// Whom root serves as: nobody else where it may serve itself. Nothing: stderr says why.
std::optional<std::optional<base::Identity>> user_of(const RunOptions& options,
                                                     GenerationSource& source) {
  const config::Configuration* const read = read_of(source);
  const bool is_root = ::geteuid() == 0;
  auto user = whom_to_become(read == nullptr ? config::User() : read->user);
  if (!user) source.loaded.diagnostics.add(std::move(user).error());
  if (!user || (is_root && hides_user(read) && (read != nullptr || !options.allow_root))) {
    std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
    return std::nullopt;
  }
  if (!is_root || *user || options.allow_root) return std::move(*user);
  (void)refuse(
      "berth does not serve as root: plugins would run with all rights\n"
      "help: name another user with `user` in the configuration, run it as one, or give "
      "--allow-root if that is what you want");
  return std::nullopt;
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
  const auto serves_as = take_variable("BERTH_SERVES_AS");  // of the plan of an upgrade
  auto inherited = take_inherited_sockets(supervised);
  if (!inherited) return refused(inherited.error().text);
  config::Environment environment = config::Environment::of_process();
  const auto state = plugin::state_folder(state_environment());
  if (!state) return refused(state.error().text);
  auto before = that_goes_on(options, *state, environment);
  GenerationSource source = before ? std::move(*before) : read_files(options.file, environment);
  const RuntimeEnvironment runtime = runtime_environment();
  std::optional<base::Identity> user;
  if (!options.user) {  // else this is a host that has become it
    auto whom = user_of(options, source);
    if (!whom) return std::nullopt;
    user = std::move(*whom);
    if (user && !supervised) return refused(kUserAlone);
    const std::string text = user ? user->text() : "";
    if (serves_as && *serves_as != text) return refused(kUserStays);
  }
  if (user) {
    const auto prepared = prepare_folders(*state, read_of(source)->control, runtime, *user);
    if (!prepared) return refused(prepared.error().text);
  }
  std::string because;
  std::string findings = source.loaded.diagnostics.render(colour_of_stderr());
  const bool last_good = options.last_good || options.generation;
  auto chosen = choose(options.file, *state, source, user, [&](const GenerationStore* kept) {
    return choose_source(source, kept, last_good, environment, because);
  });
  if (!chosen) return refused(chosen.error().text);
  if (!source.loaded.configuration) {
    // Its plugins are looked at all the same, so that everything wrong is said at once.
    (void)validate(options.file);
    return std::nullopt;
  }
  const config::User& named = source.loaded.configuration->user;
  if (::geteuid() == 0 && !user && !named.name.empty()) {
    return refused("what was kept was served by " + config::quote(named.text()) +
                   ", and the configuration does not name whom to serve as");
  }
  return Start{.inherited = std::move(*inherited),
               .environment = std::move(environment),
               .runtime = runtime,
               .state = *state,
               .source = std::move(source),
               .store = std::move(chosen->store),
               .because = std::move(because),
               .findings = std::move(findings),
               .user = std::move(user)};
}

}  // namespace berth::app
