#include "app/reloader.h"

#include <pthread.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <system_error>
#include <utility>

#include "app/generation_attempt.h"
#include "app/generation_draft.h"
#include "app/generation_source.h"
#include "app/generation_store.h"
#include "app/plugin_probe.h"
#include "app/route_changes.h"
#include "base/alternate_stack.h"
#include "config/restart.h"
#include "plugin/thread_exits.h"

namespace berth::app {

namespace {

// After the start, until the process that starts probes is: it costs some milliseconds of a core,
// which those who were kept waiting take first.
constexpr auto kProbeRest = std::chrono::milliseconds(200);

using namespace std::chrono_literals;

// Findings of a refused reload that the log gets, each a line.
constexpr std::size_t kLoggedFindings = 10;

std::int64_t seconds_of(const base::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

// For whoever asked by a signal and has nothing but the log.
void log_findings(observe::Log& log, const config::Diagnostics& diagnostics) {
  std::size_t left = kLoggedFindings;
  for (const config::Diagnostic& finding : diagnostics.all()) {
    if (finding.severity != config::Severity::kError) continue;
    if (left-- == 0) return;
    std::string place = finding.position.file;
    if (finding.position.line > 0) {
      place += ":" + std::to_string(finding.position.line) + ":" +
               std::to_string(finding.position.column);
    }
    log.error("what is wrong with the reload", {{"at", place}, {"what", finding.what}});
  }
}

}  // namespace

Reloader::Reloader(ReloaderParts parts, FirstGeneration first)
    : parts_(std::move(parts)),
      departures_(parts_.server, parts_.log, parts_.clock),
      left_(std::move(first.left)),
      last_number_(first.generation->number()),
      serving_(std::move(first.generation)),
      recording_(std::move(first.recording)),
      last_good_because_(std::move(first.last_good_because)),
      started_at_(seconds_of(parts_.clock)),
      first_is_kept_(first.kept_since != 0) {
  made_at_[serving_->number()] = first_is_kept_ ? first.kept_since : started_at_;
  if (parts_.store != nullptr) last_number_ = std::max(last_number_, parts_.store->newest_number());
}

Reloader::~Reloader() { assert(!thread_.joinable()); }

base::Status<> Reloader::start() {
  // The calling thread made and started them, and may never come here again: what of its own it
  // has of them would hold their images.
  for (const auto& plugin : serving_->plugins()) {
    if (plugin) plugin::run_thread_exits(plugin->image().use());
  }
  for (const Generation::Released& released : left_) {
    plugin::run_thread_exits(released.plugin->image().use());
  }
  if (!first_is_kept_) keep(*serving_, recording_);
  try {
    thread_ = std::thread([this] {
      (void)::pthread_setname_np(::pthread_self(), "berth-control");
      const base::AlternateStack faults;  // of the plugins it will load
      run();
    });
  } catch (const std::system_error& error) {
    return base::fail(base::system_error(error.code().value(), "start the control thread"));
  }
  return base::done();
}

void Reloader::begin_stop() {
  std::deque<Job> given_up;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    given_up.swap(jobs_);
  }
  changed_.notify_all();
  for (Job& job : given_up) {
    for (auto& caller : job.callers) {
      caller.set_value(refused(job.request, "the server is stopping"));
    }
  }
}

bool Reloader::end(base::TimePoint deadline) {
  if (!thread_.joinable()) return true;
  {
    std::unique_lock lock(mutex_);
    // It may be inside a plugin that does not return.
    if (!changed_.wait_until(lock, deadline, [this] { return ended_; })) return false;
  }
  thread_.join();
  return true;
}

bool Reloader::stop_plugins() noexcept {
  // The newest first, as it may use what an older one has still open.
  bool all = serving_->stop();
  for (auto old = retiring_.rbegin(); old != retiring_.rend(); ++old) {
    if (!(*old)->stop_plugins()) all = false;
  }
  take_down(left_);
  // What is still held by a thread of its own cannot be taken down under it.
  return departures_.advance() && left_.empty() && unserved_.empty() && all;
}

bool Reloader::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

config::Timeouts Reloader::timeouts() {
  const std::lock_guard lock(mutex_);
  return serving_->configuration().timeouts;
}

config::Recycle Reloader::recycle() {
  const std::lock_guard lock(mutex_);
  return serving_->configuration().recycle;
}

config::OnCrash Reloader::on_crash() {
  const std::lock_guard lock(mutex_);
  return serving_->configuration().on_crash;
}

ReloadReport Reloader::refused(const ReloadRequest& request, std::string why) {
  ReloadReport report;
  report.dry_run = request.dry_run;
  report.refused = std::move(why);
  const std::lock_guard lock(mutex_);
  report.generation = report.previous = serving_->number();
  return report;
}

std::future<ReloadReport> Reloader::enqueue(Job job) {
  std::promise<ReloadReport> caller;
  std::future<ReloadReport> report = caller.get_future();
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      // Whoever asks while one waits gets that one's report: it has not begun, so it will read what
      // there is now.
      // Not across a rollback, which would have the last word.
      const auto rollback = std::find_if(jobs_.rbegin(), jobs_.rend(),
                                         [](const Job& waiting) { return waiting.rolls_back; });
      const auto same = std::find_if(rollback.base(), jobs_.end(), [&job](const Job& waiting) {
        return !job.rolls_back && waiting.request.dry_run == job.request.dry_run;
      });
      if (same == jobs_.end()) {
        job.callers.push_back(std::move(caller));
        jobs_.push_back(std::move(job));
      } else {
        same->callers.push_back(std::move(caller));
      }
      changed_.notify_all();
      return report;
    }
  }
  caller.set_value(refused(job.request, "the server is stopping"));
  return report;
}

ReloadReport Reloader::reload(const ReloadRequest& request) {
  Job job;
  job.request = request;
  return enqueue(std::move(job)).get();
}

ReloadReport Reloader::roll_back(std::optional<std::uint64_t> to, const ReloadRequest& request) {
  Job job;
  job.rolls_back = true;
  job.to = to;
  job.request = request;
  return enqueue(std::move(job)).get();
}

void Reloader::request_reload(std::string asked_by) {
  Job job;
  job.request.asked_by = std::move(asked_by);
  (void)enqueue(std::move(job));
}

void Reloader::run() {
  let_go({.plugins = std::move(left_), .generation = serving_->number()});
  left_.clear();
  base::TimePoint look_at = look_after_the_old();
  base::TimePoint probe_at = parts_.clock.now() + kProbeRest;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto wanted = [this] { return stopping_ || !jobs_.empty(); };
    const base::TimePoint wake_at = std::min(look_at, probe_at);
    if (wake_at == base::TimePoint::max()) {
      changed_.wait(lock, wanted);
    } else {
      changed_.wait_until(lock, wake_at, wanted);
    }
    if (stopping_) break;
    std::optional<Job> job;
    if (!jobs_.empty()) {
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    lock.unlock();
    if (job) {
      const bool told = !job->request.dry_run;
      if (told && parts_.on_begin) parts_.on_begin();
      const ReloadReport report = perform(*job);
      if (told && parts_.on_end) parts_.on_end(report);
      tell(*job, report);
      for (auto& caller : job->callers) caller.set_value(report);
      if (!probes_.waits()) probe_at = parts_.clock.now() + kProbeRest;
    } else if (parts_.clock.now() >= probe_at) {
      prepare_probe();
      probe_at = base::TimePoint::max();
    }
    look_at = look_after_the_old();
    lock.lock();
  }
  lock.unlock();
  serving_->drain();  // those of older ones have heard it
  lock.lock();
  ended_ = true;
  changed_.notify_all();
}

void Reloader::prepare_probe() {
  const auto& plugins = serving_->configuration().plugins;
  const bool wanted = std::any_of(plugins.begin(), plugins.end(),
                                  [](const config::Plugin& plugin) { return plugin.probe; });
  // Without it the next reload will say why there is none.
  if (wanted) (void)probes_.prepare();
}

base::Result<GenerationSource, std::string> Reloader::read_source(const Job& job,
                                                                  ReloadReport& report) {
  std::string file;
  {
    const std::lock_guard lock(mutex_);
    file = serving_->configuration().file;
  }
  if (!job.rolls_back) {
    GenerationSource source = read_files(file, parts_.environment);
    if (parts_.on_read) {
      const std::lock_guard lock(mutex_);
      const auto& read = source.loaded.configuration;
      parts_.on_read(source.recording, read ? *read : serving_->configuration());
    }
    return source;
  }
  if (parts_.store == nullptr)
    return base::fail(std::string("no generations are kept: see the log"));
  std::uint64_t to = job.to.value_or(0);
  if (!job.to) {
    for (const StoredGeneration& stored : parts_.store->list()) {
      if (stored.number < report.previous) to = std::max(to, stored.number);
    }
    if (to == 0) return base::fail(std::string("no generation before this one is kept"));
  }
  auto source = read_kept(*parts_.store, to, parts_.environment);
  if (!source) return base::fail(std::move(source).error().text);
  source->origin = "rollback to " + std::to_string(to);
  parts_.log.info("it goes back to a kept generation", {{"generation", to}});
  return std::move(*source);
}

ReloadReport Reloader::perform(const Job& job) {
  const base::TimePoint begun = parts_.clock.now();
  parts_.log.info(job.rolls_back ? "a rollback was asked for" : "a reload was asked for",
                  {{"asked_by", job.request.asked_by}, {"dry_run", job.request.dry_run}});
  ReloadReport report = refused(job.request, {});
  report.origin = "reload";
  wrong_.clear();
  auto source = read_source(job, report);
  if (!source) {
    report.refused = std::move(source).error();
  } else {
    report = build_and_swap(job, std::move(*source), std::move(report));
  }
  report.took = parts_.clock.now() - begun;
  const std::lock_guard lock(mutex_);
  if (job.request.dry_run) return report;
  if (report.done) {
    ++reloads_;
    last_refused_.clear();
    last_good_because_.clear();
  } else {
    ++reloads_refused_;
    last_refused_ = wrong_.empty() ? report.refused : wrong_;
  }
  return report;
}

ReloadReport Reloader::build_and_swap(const Job& job, GenerationSource source,
                                      ReloadReport report) {
  report.origin = source.origin;
  config::Diagnostics& diagnostics = source.loaded.diagnostics;
  const auto refuse = [&](std::string why) {
    report.refused = std::move(why);
    report.diagnostics = diagnostics.render();
    wrong_ = diagnostics.summary();
    if (!job.request.dry_run) log_findings(parts_.log, diagnostics);
    return std::move(report);
  };
  std::shared_ptr<Generation> running;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    running = serving_;
    number = last_number_ + 1;
  }
  const bool readable = source.loaded.configuration.has_value();
  if (readable) {
    for (config::Diagnostic& finding :
         config::restart_findings(running->configuration(), *source.loaded.configuration)) {
      diagnostics.add(std::move(finding));
    }
  } else if (!source.loaded.remainder) {
    return refuse("the configuration cannot be read");
  }
  BuildOptions options{
      .context = parts_.context, .sink = parts_.sink, .clock = parts_.clock, .number = number};
  options.origin = source.origin;
  options.running = running.get();
  options.crashes = parts_.crashes;
  options.image_of = source.image_of;
  if (readable) {
    options.probe = [&](const config::Plugin& plugin, const plugin::PluginFile& file) {
      return probe_plugin({.configuration = source.loaded.configuration->file,
                           .recording = source.recording,
                           .starter = probes_,
                           .timeout = source.loaded.configuration->timeouts.probe,
                           .aborted = [this] { return stopping(); }},
                          plugin, file);
    };
  }
  options.aborted = [this] { return stopping(); };
  if (parts_.store != nullptr) {
    if (!job.rolls_back) {
      options.pinned = pinned_files(*parts_.store, parts_.log);
    }
    options.last_good = [this](const config::Plugin& plugin) {
      return newest_image(*parts_.store, plugin.alias);
    };
  }
  const auto why = [&diagnostics] {
    const std::size_t errors = diagnostics.errors();
    return std::to_string(errors) + (errors == 1 ? " error" : " errors");
  };
  const config::Configuration& configuration =
      readable ? *source.loaded.configuration : *source.loaded.remainder;
  const config::Diagnostics before = diagnostics;
  std::unique_ptr<Generation> next;
  while (!next) {
    diagnostics = before;
    GenerationDraft draft(configuration, options, diagnostics);
    plan(*running, draft, report);
    if (stopping()) return refuse("the server is stopping");
    if (diagnostics.errors() > 0) return refuse(why());
    if (job.request.dry_run) {
      report.diagnostics = diagnostics.render();
      report.done = true;
      report.generation = number;
      return report;
    }
    Attempt made = attempt(draft, plugin::StartPhase::kReload, diagnostics);
    // Loading took as long, and may have found more.
    const std::vector<PluginReport> loaded = draft.plugins();
    std::copy(loaded.begin(), loaded.end(), report.plugins.begin());
    let_go({.plugins = std::move(made.left), .generation = number});
    next = std::move(made.generation);
    if (next) break;
    if (stopping()) return refuse("the server is stopping");
    if (!may_try_again(made, configuration, options.failed)) return refuse(why());
  }
  report.diagnostics = diagnostics.render();
  report.generation = number;
  report.done = true;
  swap(std::move(next), std::move(source.recording));
  return report;
}

void Reloader::plan(const Generation& running, const GenerationDraft& draft, ReloadReport& report) {
  report.plugins = draft.plugins();
  report.routes = route_changes(running.configuration(), draft.configuration(), draft.reloaded());
  for (const config::Plugin& plugin : running.configuration().plugins) {
    if (draft.configuration().find_plugin(plugin.alias) != nullptr) continue;
    const auto gone = running.plugin(plugin.alias);
    report.plugins.push_back({.alias = plugin.alias,
                              .file = plugin.file,
                              .outcome = PluginOutcome::kRemoved,
                              .previous_build_id = gone ? gone->image().build_id() : ""});
  }
}

void Reloader::swap(std::unique_ptr<Generation> next, config::Recording recording) {
  std::shared_ptr<Generation> serving(std::move(next));
  std::shared_ptr<Generation> old;
  parts_.server.replace_root(serving->root());
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(serving_, serving);
    recording_ = std::move(recording);
    last_number_ = serving->number();
    made_at_[serving->number()] = seconds_of(parts_.clock);
    retiring_.push_back(
        std::make_shared<Retirement>(std::move(old), parts_.server, parts_.log, parts_.clock));
  }
  for (const auto& retirement : retiring_) retirement->follow(*serving);
  keep(*serving, recording_);
}

void Reloader::keep(Generation& generation, const config::Recording& recording) {
  if (parts_.store == nullptr) return;
  if (auto kept = keep_generation(*parts_.store, generation, recording, seconds_of(parts_.clock));
      !kept) {
    parts_.log.warn("this generation is not kept, so it cannot be rolled back to",
                    {{"generation", generation.number()}, {"error", kept.error().text}});
  }
}

void Reloader::tell(const Job& job, const ReloadReport& report) {
  std::size_t loaded = 0;
  for (const PluginReport& plugin : report.plugins) {
    loaded += plugin.outcome == PluginOutcome::kLoaded ? 1 : 0;
  }
  const double seconds = std::chrono::duration<double>(report.took).count();
  if (job.request.dry_run) {
    parts_.log.info(job.rolls_back ? "a rollback was planned" : "a reload was planned",
                    {{"asked_by", job.request.asked_by}, {"would_be_done", report.done}});
  } else if (report.done) {
    parts_.log.info(job.rolls_back ? "rolled back" : "reloaded",
                    {{"generation", report.generation},
                     {"was", report.previous},
                     {"origin", report.origin},
                     {"plugins_loaded", loaded},
                     {"routes_changed", report.routes.size()},
                     {"seconds", seconds},
                     {"asked_by", job.request.asked_by}});
  } else {
    parts_.log.error(job.rolls_back ? "a rollback was refused, and the generation before serves on"
                                    : "a reload was refused, and the generation before serves on",
                     {{"why", report.refused},
                      {"generation", report.generation},
                      {"asked_by", job.request.asked_by}});
  }
}

void Reloader::stop(const std::string& asked_by) { parts_.request_stop(asked_by); }

}  // namespace berth::app
