// What Reloader tells of itself: its status, generations, what holds them, and pins.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include "app/crash_ledger.h"
#include "app/generation_store.h"
#include "app/process.h"
#include "app/reloader.h"
#include "app/succession.h"
#include "observe/counters.h"

namespace berth::app {

namespace {

std::int64_t seconds_of(const base::Clock& clock) {
  return std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
}

GenerationInfo info_of(const Generation& generation, GenerationInfo::State state,
                       std::int64_t made_at) {
  GenerationInfo info;
  info.number = generation.number();
  info.state = state;
  info.origin = generation.origin();
  info.made_at = made_at;
  info.plugins = generation.reports();
  return info;
}

}  // namespace

ServerStatus Reloader::status() {
  ServerStatus status;
  status.version = std::string(version());
  status.pid = ::getpid();
  status.supervisor = parts_.supervisor;
  status.standby = parts_.succession.standby();
  status.started_at = started_at_;
  status.listeners = parts_.server.listening();
  status.connections = parts_.server.connections();
  status.stuck_calls = parts_.server.stuck_calls();
  const observe::Counters& counters = parts_.server.counters();
  status.requests = counters.total(observe::Counter::kRequests);
  status.requests_failed = counters.total(observe::Counter::kResponses5xx);
  status.retired_images = departures_.retired();
  if (parts_.store != nullptr) {
    if (const auto pins = parts_.store->pins()) {
      for (const Pin& pin : *pins) status.pins.push_back({pin.alias, pin.build_id});
    }
  }
  const std::lock_guard lock(mutex_);
  status.configuration = serving_->configuration().file;
  status.stopping = stopping_;
  status.last_good_because = last_good_because_;
  status.last_refused = last_refused_;
  status.generation =
      info_of(*serving_, GenerationInfo::State::kServing, made_at_[serving_->number()]);
  for (const auto& retirement : retiring_) {
    const Generation& old = retirement->generation();
    status.draining.push_back(
        info_of(old, GenerationInfo::State::kDraining, made_at_[old.number()]));
  }
  const std::vector<config::Route>& routes = serving_->configuration().routes;
  status.routes = routes.size();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (!serving_->falls_back(i)) continue;
    status.fallbacks.push_back({routes[i].pattern, routes[i].fallback->text()});
  }
  status.reloads = reloads_;
  status.reloads_refused = reloads_refused_;
  return status;
}

std::vector<GenerationInfo> Reloader::generations() {
  const ServerStatus now = status();
  std::vector<GenerationInfo> all{now.generation};
  all.insert(all.end(), now.draining.rbegin(), now.draining.rend());
  if (parts_.store == nullptr) return all;
  for (const StoredGeneration& stored : parts_.store->list()) {
    const auto known = std::find_if(all.begin(), all.end(), [&stored](const GenerationInfo& info) {
      return info.number == stored.number;
    });
    if (known != all.end()) {
      known->can_roll_back_to = true;
      continue;
    }
    GenerationInfo info;
    info.number = stored.number;
    info.state = departures_.has(stored.number) ? GenerationInfo::State::kDraining
                                                : GenerationInfo::State::kStored;
    info.origin = stored.origin;
    info.made_at = stored.made_at;
    info.can_roll_back_to = true;
    for (const StoredPlugin& plugin : stored.plugins) {
      info.plugins.push_back({.alias = plugin.alias,
                              .file = plugin.file,
                              .outcome = PluginOutcome::kKept,
                              .version = plugin.version,
                              .build_id = plugin.build_id});
    }
    all.push_back(std::move(info));
  }
  return all;
}

base::Result<std::vector<Hold>> Reloader::why(std::uint64_t generation) {
  std::shared_ptr<Retirement> old;
  bool serves = false;
  {
    const std::lock_guard lock(mutex_);
    serves = serving_->number() == generation;
    for (const auto& retirement : retiring_) {
      if (retirement->generation().number() == generation) old = retirement;
    }
  }
  std::vector<Hold> holds;
  if (old) holds = old->holds();
  for (Hold& hold : departures_.holds(generation)) holds.push_back(std::move(hold));
  if (old || serves || departures_.has(generation)) return holds;
  const auto all = generations();
  if (std::any_of(all.begin(), all.end(),
                  [generation](const auto& info) { return info.number == generation; })) {
    return holds;
  }
  return base::fail(base::ErrorCode::kNotFound,
                    "there is no generation " + std::to_string(generation));
}

base::Status<> Reloader::pin(const std::string& alias) {
  std::shared_ptr<plugin::Plugin> plugin;
  {
    const std::lock_guard lock(mutex_);
    plugin = serving_->plugin(alias);
  }
  if (!plugin) return base::fail(base::ErrorCode::kNotFound, "no plugin \"" + alias + "\" serves");
  if (parts_.store == nullptr) {
    return base::fail(base::ErrorCode::kSystem, "no generations are kept: see the log");
  }
  return parts_.store->pin(
      {.alias = alias, .sha256 = plugin->image().digest(), .build_id = plugin->image().build_id()});
}

base::Status<> Reloader::unpin(const std::string& alias) {
  if (parts_.store == nullptr) {
    return base::fail(base::ErrorCode::kSystem, "no generations are kept: see the log");
  }
  return parts_.store->unpin(alias);
}

base::Result<std::string> Reloader::upgrade() { return parts_.succession.upgrade(); }

std::size_t Reloader::retired_images() const { return departures_.retired(); }

base::Result<ReloadReport> Reloader::release(const std::string& alias,
                                             const ReloadRequest& request) {
  {
    const std::lock_guard lock(mutex_);
    const auto& reports = serving_->reports();
    const bool quarantined =
        std::any_of(reports.begin(), reports.end(), [&alias](const PluginReport& report) {
          return report.alias == alias && report.outcome == PluginOutcome::kQuarantined;
        });
    if (!quarantined || parts_.crashes == nullptr) {
      return base::fail(base::ErrorCode::kNotFound, "no plugin \"" + alias + "\" is quarantined");
    }
  }
  if (auto status = parts_.crashes->append(
          {.kind = LedgerEntry::Kind::kRelease, .time = seconds_of(parts_.clock), .alias = alias});
      !status) {
    return base::fail(std::move(status).error());
  }
  return reload(request);
}

}  // namespace berth::app
