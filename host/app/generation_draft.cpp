#include "app/generation_draft.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include "app/process.h"
#include "app/route_table.h"
#include "plugin/file_check.h"

namespace berth::app {

namespace {

using plugin::Findings;

Findings finding(const config::Plugin& entry, const std::string& path, const std::string& what) {
  config::Diagnostic diagnostic;
  diagnostic.position = entry.file_position;
  diagnostic.what = "plugin \"" + entry.alias + "\", " + path + ": " + what;
  return {std::move(diagnostic)};
}

void add_all(config::Diagnostics& diagnostics, Findings findings) {
  for (config::Diagnostic& finding : findings) diagnostics.add(std::move(finding));
}

// What clients get of a plugin that is left out.
std::string instead_of(const std::string& alias, const config::Configuration& configuration) {
  const bool falls_back = std::any_of(
      configuration.routes.begin(), configuration.routes.end(),
      [&alias](const config::Route& route) { return route.plugin == alias && route.fallback; });
  return falls_back ? "its routes answer 503, or their fallback answers" : "its routes answer 503";
}

// Whose handler answers, and of which kind.
const std::string& plugin_of(const config::Route& route, bool falls_back) {
  return falls_back ? route.fallback->plugin : route.plugin;
}
const std::string& kind_of(const config::Route& route, bool falls_back) {
  return falls_back ? route.fallback->kind : route.kind;
}

// What answered the same requests, as far as one can tell, in the generation before; null: nothing.
const serve::Route* before(const config::Route& route, bool falls_back, const Generation* running) {
  if (running == nullptr) return nullptr;
  const std::vector<config::Route>& all = running->configuration().routes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool fell_back = running->falls_back(i);
    if (all[i].pattern == route.pattern &&
        plugin_of(all[i], fell_back) == plugin_of(route, falls_back) &&
        kind_of(all[i], fell_back) == kind_of(route, falls_back)) {
      return &running->route(i);
    }
  }
  return nullptr;
}

serve::Route serve_route(const config::Route& route, bool falls_back, serve::Handler& handler,
                         const Generation* running) {
  serve::Route result;
  result.handler = &handler;
  result.pattern = route.pattern;
  result.max_body = route.max_body.value_or(std::numeric_limits<std::uint64_t>::max());
  result.timeout = route.timeout.value_or(base::Duration::zero());
  result.ignores_half_close = route.ignores_half_close;
  result.logged = route.access_log;
  if (!route.learning) {
    result.learning.turn_off();
  } else if (const serve::Route* const known = before(route, falls_back, running);
             known != nullptr && !known->learning.is_off()) {
    // A new image is more likely to block where the old one did than not at all, and learning it
    // anew costs each loop a millisecond for each blocking call.
    result.learning = known->learning;
  }
  return result;
}

// Where there are several plugins none has all threads, unless it is said to.
std::size_t threads_of(const config::Plugin& entry, const config::Configuration& configuration) {
  const std::size_t all = configuration.limits.threads;
  const bool alone = configuration.plugins.size() < 2;
  const std::size_t others = alone ? 0 : all / base::limits::kThreadsOfOthers;
  return std::min<std::size_t>(all, entry.threads.value_or(all - others));
}

plugin::Mount mount_of(const config::Route& route) {
  return {.kind = route.kind,
          .pattern = route.pattern,
          .config = route.config,
          .position = route.handler_position};
}

plugin::Mount mount_of(const config::Route& route, const config::HandlerUse& entry) {
  return {.kind = entry.kind,
          .pattern = route.pattern,
          .config = entry.config,
          .position = entry.handler_position};
}

}  // namespace

GenerationDraft::GenerationDraft(config::Configuration configuration, const BuildOptions& options,
                                 config::Diagnostics& diagnostics)
    : configuration_(std::move(configuration)), options_(options) {
  if (options_.crashes != nullptr) history_ = options_.crashes->history();
  table_ = build_route_table(configuration_, diagnostics);
  for (const config::Plugin& entry : configuration_.plugins) {
    const base::TimePoint begun = options_.clock.now();
    if (options_.aborted && options_.aborted()) {
      choices_.emplace_back();
      continue;
    }
    choices_.push_back(choose(entry, diagnostics));
    choices_.back().report.took = options_.clock.now() - begun;
  }
}

std::shared_ptr<plugin::Plugin> GenerationDraft::running(const std::string& alias) const {
  return options_.running == nullptr ? nullptr : options_.running->plugin(alias);
}

// Code of a plugin that runs for the first time runs in a child first: a new image, and what its
// make() is asked for anew.
bool GenerationDraft::needs_probe(const config::Plugin& entry, plugin::Plugin* running) const {
  if (!options_.probe || !entry.probe) return false;
  if (running == nullptr) return true;
  return std::any_of(
      configuration_.routes.begin(), configuration_.routes.end(), [&](const config::Route& route) {
        if (route.plugin == entry.alias && !running->has(mount_of(route))) return true;
        const auto& fallback = route.fallback;
        if (fallback && fallback->plugin == entry.alias &&
            !running->has(mount_of(route, *fallback))) {
          return true;
        }
        return std::any_of(route.with.begin(), route.with.end(), [&](const auto& middleware) {
          return middleware.plugin == entry.alias && !running->has(mount_of(route, middleware));
        });
      });
}

base::Status<Findings> GenerationDraft::examine(const config::Plugin& entry,
                                                const std::string& path, Choice& choice,
                                                config::Diagnostics& diagnostics) {
  choice.report.file = path;
  const bool strict = entry.permissions == config::PluginPermissions::kStrict;
  auto file = plugin::read_plugin_file(path, plugin::process_policy(strict));
  if (!file) return base::fail(finding(entry, path, file.error().text));
  const std::shared_ptr<plugin::Plugin> before = running(entry.alias);
  const bool keeps = before && before->is_the_same(plugin::digest_of(*file), entry.config);
  if (!keeps) {
    auto checked = plugin::check_file(*file, options_.context);
    if (!checked) return base::fail(finding(entry, path, checked.error().text));
    choice.report.version = checked->note.version;
    choice.report.build_id = checked->build_id;
    choice.report.unload_blockers = std::move(checked->unload_blockers);
    for (std::string& warning : checked->warnings) {
      diagnostics.warning(entry.file_position,
                          "plugin \"" + entry.alias + "\", " + path + ": " + warning);
    }
  }
  const std::string image = keeps ? before->image().build_id() : choice.report.build_id;
  if (is_quarantined(entry, image, choice, diagnostics)) return base::done();
  if (needs_probe(entry, keeps ? before.get() : nullptr)) {
    if (auto status = options_.probe(entry, *file); !status) return status;
  }
  if (keeps) {
    choice.plugin = before;
    choice.report.outcome = PluginOutcome::kKept;
  } else {
    choice.file = std::move(*file);
  }
  return base::done();
}

bool GenerationDraft::is_quarantined(const config::Plugin& entry, const std::string& image,
                                     Choice& choice, config::Diagnostics& diagnostics) const {
  const auto verdict = history_.judge(entry.alias, image, configuration_.quarantine);
  if (!verdict.quarantined) return false;
  choice.report.outcome = PluginOutcome::kQuarantined;
  choice.report.reason = "it has crashed " + std::to_string(verdict.crashes) + " times";
  diagnostics.warning(
      entry.file_position,
      "plugin \"" + entry.alias + "\" is quarantined: " + choice.report.reason + ", so " +
          instead_of(entry.alias, configuration_),
      "deploy another build of it, or run `berth plugin release " + entry.alias + "`");
  return true;
}

GenerationDraft::Choice GenerationDraft::choose(const config::Plugin& entry,
                                                config::Diagnostics& diagnostics) {
  Choice choice;
  choice.report.alias = entry.alias;
  if (entry.file.empty()) {  // of a remainder
    choice.report.outcome = PluginOutcome::kFailed;
    return choice;
  }
  const std::shared_ptr<plugin::Plugin> before = running(entry.alias);
  if (before) choice.report.previous_build_id = before->image().build_id();
  const auto pin = options_.pinned.find(entry.alias);
  std::string path = plugin_path(entry.file);
  if (pin != options_.pinned.end()) {
    path = pin->second;
  } else if (options_.image_of) {
    path = options_.image_of(entry).value_or(path);
  }
  const auto failed = options_.failed.find(entry.alias);
  auto status = failed == options_.failed.end()
                    ? examine(entry, path, choice, diagnostics)
                    : base::Status<Findings>(base::fail(failed->second));
  if (!status) {
    choice.report.file = path;
    fall_back(entry, std::move(status).error(), choice, diagnostics);
  } else if (pin != options_.pinned.end() && choice.report.outcome != PluginOutcome::kQuarantined) {
    choice.report.outcome = PluginOutcome::kPinned;
  }
  if (choice.plugin) {
    choice.report.version = choice.plugin->note().version;
    choice.report.build_id = choice.plugin->image().build_id();
  }
  return choice;
}

void GenerationDraft::fail(Findings why, Choice& choice, config::Diagnostics& diagnostics) const {
  choice.report.outcome = PluginOutcome::kFailed;
  choice.report.reason = why.front().what;
  add_all(diagnostics, std::move(why));
}

void GenerationDraft::fall_back(const config::Plugin& entry, Findings why, Choice& choice,
                                config::Diagnostics& diagnostics) {
  choice.file.reset();
  choice.plugin.reset();
  if (entry.on_failure == config::OnFailure::kRefuse)
    return fail(std::move(why), choice, diagnostics);
  choice.report.reason = why.front().what;
  const auto warn = [&](const std::string& what) {
    for (config::Diagnostic& finding : why) {
      finding.severity = config::Severity::kWarning;
      diagnostics.add(std::move(finding));
    }
    diagnostics.warning(entry.file_position, "plugin \"" + entry.alias + "\": " + what);
  };
  if (entry.on_failure == config::OnFailure::kClose) {
    choice.report.outcome = PluginOutcome::kClosed;
    return warn(instead_of(entry.alias, configuration_) + ", as on_failure says");
  }
  const std::shared_ptr<plugin::Plugin> before = running(entry.alias);
  if (before && before->is_the_same(before->image().digest(), entry.config)) {
    choice.plugin = before;
  } else {
    const auto path = options_.last_good ? options_.last_good(entry) : std::nullopt;
    if (!path) {
      why.front().help = "on_failure: last-good has nothing to go back to, as it never served";
      return fail(std::move(why), choice, diagnostics);
    }
    if (const auto status = examine(entry, *path, choice, diagnostics); !status) {
      why.insert(why.end(), status.error().begin(), status.error().end());
      return fail(std::move(why), choice, diagnostics);
    }
  }
  if (choice.report.outcome == PluginOutcome::kQuarantined) return warn("it cannot go on either");
  choice.report.outcome = PluginOutcome::kLastGood;
  warn("the image that served last goes on, as on_failure says");
}

std::vector<PluginReport> GenerationDraft::plugins() const {
  std::vector<PluginReport> reports;
  for (const Choice& choice : choices_) reports.push_back(choice.report);
  return reports;
}

std::set<std::string> GenerationDraft::reloaded() const {
  std::set<std::string> aliases;
  for (const Choice& choice : choices_) {
    if (choice.file || choice.fresh) aliases.insert(choice.report.alias);
  }
  return aliases;
}

void GenerationDraft::load(const config::Plugin& entry, Choice& choice,
                           config::Diagnostics& diagnostics) {
  if (options_.watch) options_.watch(entry);
  plugin::PluginOptions options{
      .alias = entry.alias,
      .path = choice.file->path,
      .config = entry.config,
      .position = entry.file_position,
      .strict_permissions = entry.permissions == config::PluginPermissions::kStrict,
      .generation = options_.number,
  };
  auto loaded =
      plugin::Plugin::load(std::move(options), *choice.file, options_.context, options_.sink);
  std::string bytes = std::move(choice.file->bytes);
  choice.file.reset();
  if (!loaded) return fail_here(entry.alias, std::move(loaded).error(), diagnostics);
  choice.bytes = std::move(bytes);
  choice.plugin = std::move(loaded).value();
  choice.fresh = true;
}

void GenerationDraft::fail_here(const std::string& alias, Findings why,
                                config::Diagnostics& diagnostics) {
  Findings& known = failed_[alias];
  known.insert(known.end(), why.begin(), why.end());
  fail(std::move(why), *find(alias), diagnostics);
}

void GenerationDraft::note_failed(const std::map<std::string, Findings>& failed) {
  for (const auto& [alias, findings] : failed) {
    Choice* const choice = find(alias);
    if (choice == nullptr || findings.empty()) continue;
    choice->report.outcome = PluginOutcome::kFailed;
    choice->report.reason = findings.front().what;
  }
}

GenerationDraft::Choice* GenerationDraft::find(const std::string& alias) noexcept {
  const auto found = std::find_if(choices_.begin(), choices_.end(), [&alias](const Choice& choice) {
    return choice.report.alias == alias;
  });
  return found == choices_.end() ? nullptr : &*found;
}

plugin::Plugin* GenerationDraft::to_ask(const std::string& alias) {
  const Choice* const choice = find(alias);
  if (choice == nullptr || !choice->plugin) return nullptr;
  if (options_.watch) options_.watch(*configuration_.find_plugin(alias));
  return choice->plugin.get();
}

bool GenerationDraft::is_closed(const std::string& alias) noexcept {
  const Choice* const choice = find(alias);
  return choice != nullptr && !choice->plugin &&
         (choice->report.outcome == PluginOutcome::kClosed ||
          choice->report.outcome == PluginOutcome::kQuarantined);
}

std::shared_ptr<plugin::PluginHandler> GenerationDraft::make_handler(
    const std::string& alias, const plugin::Mount& mount, config::Diagnostics& diagnostics) {
  plugin::Plugin* const plugin = to_ask(alias);
  if (plugin == nullptr) return nullptr;
  auto made = plugin->make(mount);
  if (made) return std::move(made).value();
  fail_here(alias, std::move(made).error(), diagnostics);
  return nullptr;
}

bool GenerationDraft::make_route(const config::Route& route, Generation& generation,
                                 config::Diagnostics& diagnostics) {
  auto handler = make_handler(route.plugin, mount_of(route), diagnostics);
  // Made even where it is not needed: what is wrong with it must not show only when it is.
  std::shared_ptr<plugin::PluginHandler> fallback;
  if (const auto& entry = route.fallback) {
    fallback = make_handler(entry->plugin, mount_of(route, *entry), diagnostics);
  }
  const bool falls_back = fallback && is_closed(route.plugin);
  auto& answering = falls_back ? fallback : handler;
  bool whole = answering != nullptr;
  bool closed = is_closed(route.plugin);
  plugin::PluginChain::Middleware middleware;
  for (const config::Middleware& entry : route.with) {
    plugin::Plugin* const plugin = to_ask(entry.plugin);
    if (plugin == nullptr) {
      closed = closed || is_closed(entry.plugin);
      whole = false;
      continue;
    }
    auto made = plugin->make_middleware(mount_of(route, entry));
    if (made) {
      middleware.push_back(std::move(made).value());
    } else {
      whole = false;
      fail_here(entry.plugin, std::move(made).error(), diagnostics);
    }
  }
  Generation::Answer answer;
  if (whole && middleware.empty()) {
    answer.handler = std::move(answering);
  } else if (whole) {
    answer.chain =
        std::make_unique<plugin::PluginChain>(std::move(middleware), std::move(answering));
  }
  answer.spare = std::move(fallback);
  generation.answers_.push_back(std::move(answer));
  generation.falls_back_.push_back(falls_back && whole);
  return whole || closed;
}

serve::Handler& GenerationDraft::guarded(const config::Route& route, bool falls_back,
                                         Generation::Answer& answer,
                                         serve::Handler& handler) const {
  std::set<std::uint64_t> poison;
  const auto add = [&](const std::string& alias) {
    const auto choice = std::find_if(choices_.begin(), choices_.end(), [&](const Choice& other) {
      return other.report.alias == alias;
    });
    if (choice == choices_.end() || !choice->plugin) return;
    const auto found = history_.poison(alias, choice->plugin->image().build_id());
    const auto requests = found.find(route.pattern);
    if (requests != found.end()) poison.insert(requests->second.begin(), requests->second.end());
  };
  add(plugin_of(route, falls_back));
  for (const config::Middleware& middleware : route.with) add(middleware.plugin);
  if (poison.empty()) return handler;
  answer.guard = std::make_unique<PoisonHandler>(std::move(poison), handler);
  return *answer.guard;
}

// Calls of a plugin that is kept go on to count; one that is new begins with none, whatever calls
// of the one before never return.
std::shared_ptr<sched::Share> GenerationDraft::share_of(const std::string& alias) {
  Choice& choice = *find(alias);
  const bool kept = choice.plugin && running(alias) == choice.plugin;
  if (!choice.share && kept) choice.share = options_.running->share(alias);
  if (!choice.share) choice.share = std::make_shared<sched::Share>(alias);
  return choice.share;
}

void GenerationDraft::make_handlers(Generation& generation, config::Diagnostics& diagnostics) {
  std::vector<serve::Route> routes;
  for (const config::Route& route : configuration_.routes) {
    if (!make_route(route, generation, diagnostics)) continue;
    Generation::Answer& answer = generation.answers_.back();
    const bool falls_back = generation.falls_back_.back();
    serve::Handler* handler = &generation.closed_;
    if (answer.chain) {
      handler = answer.chain.get();
    } else if (answer.handler) {
      handler = answer.handler.get();
    }
    routes.push_back(serve_route(route, falls_back, guarded(route, falls_back, answer, *handler),
                                 options_.running));
    routes.back().generation = options_.number;
    if (handler == &generation.closed_) continue;
    const std::string& alias = plugin_of(route, falls_back);
    routes.back().learning.belong_to(
        share_of(alias), threads_of(*configuration_.find_plugin(alias), configuration_));
  }
  assert(routes.size() == configuration_.routes.size() || diagnostics.errors() > 0);
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (!choices_[i].plugin || !choices_[i].fresh) continue;
    if (options_.watch) options_.watch(configuration_.plugins[i]);
    auto fit = choices_[i].plugin->self_test();
    if (!fit) fail_here(choices_[i].report.alias, std::move(fit).error(), diagnostics);
  }
  if (!table_ || diagnostics.errors() > 0) return;
  generation.mux_ = std::make_unique<mux::Mux>(std::move(*table_), std::move(routes));
  generation.root_.emplace(*generation.mux_, generation.number_);
}

std::unique_ptr<Generation> GenerationDraft::load(config::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (!choices_[i].file || (options_.aborted && options_.aborted())) continue;
    const base::TimePoint begun = options_.clock.now();
    load(configuration_.plugins[i], choices_[i], diagnostics);
    choices_[i].report.took += options_.clock.now() - begun;
  }
  if (options_.aborted && options_.aborted()) return nullptr;
  std::unique_ptr<Generation> generation(
      new Generation(configuration_, options_.number, options_.origin));
  make_handlers(*generation, diagnostics);
  if (!generation->root_) return nullptr;
  for (Choice& choice : choices_) {
    generation->plugins_.push_back(choice.plugin);
    generation->fresh_.push_back(choice.fresh);
    generation->shares_.push_back(std::move(choice.share));
    generation->bytes_.push_back(std::move(choice.bytes));
  }
  generation->reports_ = plugins();
  return generation;
}

std::vector<std::shared_ptr<plugin::Plugin>> GenerationDraft::take_loaded() {
  std::vector<std::shared_ptr<plugin::Plugin>> loaded;
  for (Choice& choice : choices_) {
    if (choice.fresh) loaded.push_back(std::exchange(choice.plugin, nullptr));
    choice.fresh = false;
  }
  return loaded;
}

}  // namespace berth::app
