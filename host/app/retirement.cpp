#include "app/retirement.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "base/limits.h"
#include "serve/partings.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// For every loop to come to a task: one that does not is inside a handler that nobody could take it
// from, and is asked again.
constexpr auto kLoopTurn = 1s;

}  // namespace

Retirement::Retirement(std::shared_ptr<Generation> generation, Server& server, observe::Log& log,
                       const base::Clock& clock)
    : generation_(std::move(generation)),
      server_(server),
      log_(log),
      clock_(clock),
      since_(clock.now()) {}

void Retirement::follow(const Generation& serving) {
  const base::TimePoint now = clock_.now();
  for (const config::Plugin& entry : generation_->configuration().plugins) {
    auto plugin = generation_->plugin(entry.alias);
    if (!plugin || serving.has(*plugin)) continue;
    const bool known = std::any_of(leaving_.begin(), leaving_.end(), [&](const Leaving& leaving) {
      return leaving.plugin == plugin;
    });
    if (known) continue;
    plugin->drain();
    leaving_.push_back(
        {.plugin = std::move(plugin), .since = now, .drain_ends = now + entry.drain});
  }
}

// A loop that is late keeps its share of what is looked at, so that is shared with it.
bool Retirement::look(std::vector<RouteUse>& uses) const {
  struct Seen {
    std::mutex mutex;
    std::map<const serve::Route*, RouteUse> routes;
  };
  const auto seen = std::make_shared<Seen>();
  const serve::Root* const root = &generation_->root();
  const bool all = server_.for_each_use(
      [seen, root](serve::Used&, const serve::Use& use) {
        if (use.root != root) return;
        const std::lock_guard lock(seen->mutex);
        RouteUse& route = seen->routes[use.route];
        route.since = std::min(route.since, use.since);
        switch (use.kind) {
          case serve::Use::Kind::kRequest:
            ++route.requests;
            break;
          case serve::Use::Kind::kQueued:
            ++route.queued;
            break;
          case serve::Use::Kind::kHijacked:
            ++route.hijacked;
            break;
        }
      },
      clock_.now() + kLoopTurn);
  const std::lock_guard lock(seen->mutex);
  uses.assign(generation_->configuration().routes.size(), {});
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto found = seen->routes.find(&generation_->route(i));
    if (found != seen->routes.end()) uses[i] = found->second;
  }
  return all;
}

Retirement::RouteUse Retirement::use_of(const plugin::Plugin& plugin,
                                        const std::vector<RouteUse>& uses) const {
  RouteUse sum;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    if (!generation_->involves(i, plugin.alias())) continue;
    sum.requests += uses[i].requests;
    sum.queued += uses[i].queued;
    sum.hijacked += uses[i].hijacked;
  }
  return sum;
}

std::uint64_t Retirement::end_uses(const std::string& alias, Step step, std::uint64_t most) const {
  // Compared by the driver, and alive until this generation goes: it does not while one is used.
  std::vector<const serve::Route*> routes;
  for (std::size_t i = 0; i < generation_->configuration().routes.size(); ++i) {
    if (generation_->involves(i, alias)) {
      routes.push_back(&generation_->route(i));
    }
  }
  // A loop that is late still has it. Relaxed: it counts, and orders nothing.
  const auto done = std::make_shared<std::atomic<std::uint64_t>>(0);
  const serve::Root* const root = &generation_->root();
  (void)server_.for_each_use(
      [routes, root, step, most, done](serve::Used& used, const serve::Use& use) {
        if (use.root != root) return;
        if (std::find(routes.begin(), routes.end(), use.route) == routes.end()) return;
        const bool due = step == Step::kCut || !use.recalled;
        const bool meant = step != Step::kDraining || use.kind == serve::Use::Kind::kHijacked;
        if (!due || !meant || done->load(std::memory_order_relaxed) >= most) return;
        done->fetch_add(1, std::memory_order_relaxed);
        if (step == Step::kCut) {
          used.cut();
        } else {
          used.recall();
        }
      },
      clock_.now() + kLoopTurn);
  return done->load(std::memory_order_relaxed);
}

void Retirement::say_goodbye(Leaving& leaving, const RouteUse& use) const {
  if (use.hijacked == 0 || leaving.step != Step::kDraining) return;
  leaving.hijacked = std::max(leaving.hijacked, use.hijacked);
  const std::uint64_t due = serve::partings_due(leaving.hijacked, clock_.now() - leaving.since,
                                                leaving.drain_ends - leaving.since);
  if (due <= leaving.told) return;
  leaving.told += end_uses(leaving.plugin->alias(), Step::kDraining, due - leaving.told);
}

void Retirement::hurry(Leaving& leaving, std::uint64_t requests) {
  const base::TimePoint now = clock_.now();
  if (leaving.step == Step::kDraining && now >= leaving.drain_ends) {
    leaving.step = Step::kCancelled;
    log_.warn("the drain of a replaced plugin is over: its requests are cancelled",
              {{"plugin", leaving.plugin->alias()},
               {"generation", generation_->number()},
               {"requests", requests}});
    (void)end_uses(leaving.plugin->alias(), Step::kCancelled, UINT64_MAX);
  } else if (leaving.step == Step::kCancelled &&
             now >= leaving.drain_ends + base::limits::kDrainGrace) {
    leaving.step = Step::kCut;
    log_.warn("requests of a replaced plugin did not end: their connections are cut",
              {{"plugin", leaving.plugin->alias()},
               {"generation", generation_->number()},
               {"requests", requests}});
    (void)end_uses(leaving.plugin->alias(), Step::kCut, UINT64_MAX);
  }
}

bool Retirement::advance(const Release& release) {
  settled_ = settled_ || server_.synchronize(clock_.now() + kLoopTurn);
  if (!settled_) return false;
  std::vector<RouteUse> uses;
  const bool whole = look(uses);
  for (Leaving& leaving : leaving_) say_goodbye(leaving, use_of(*leaving.plugin, uses));
  if (!whole) return false;
  // Behind the look: a handler that has closed the connection it took over may still run.
  for (const serve::Route* const route : server_.hijacking()) {
    for (std::size_t i = 0; i < uses.size(); ++i) {
      if (&generation_->route(i) == route) ++uses[i].hijacked;
    }
  }
  std::vector<std::string> unused;
  for (Leaving& leaving : leaving_) {
    const RouteUse use = use_of(*leaving.plugin, uses);
    if (use.total() == 0) {
      unused.push_back(leaving.plugin->alias());
    } else {
      hurry(leaving, use.total());
    }
  }
  // What was seen to have ended may still be looked at by a driver that was late.
  if (!unused.empty() && !server_.synchronize(clock_.now() + kLoopTurn)) return false;
  for (const std::string& alias : unused) {
    std::erase_if(leaving_,
                  [&alias](const Leaving& entry) { return entry.plugin->alias() == alias; });
    release(generation_->release(alias));
  }
  if (!leaving_.empty() || !server_.is_unused(generation_->root())) return false;
  return server_.synchronize(clock_.now() + kLoopTurn);
}

std::vector<Hold> Retirement::holds() const {
  std::vector<RouteUse> uses;
  (void)look(uses);
  std::vector<Hold> holds;
  const base::TimePoint now = clock_.now();
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const config::Route& route = generation_->configuration().routes[i];
    const auto add = [&](const char* kind, std::uint64_t count) {
      if (count == 0) return;
      holds.push_back({.kind = kind,
                       .plugin = generation_->falls_back(i) ? route.fallback->plugin : route.plugin,
                       .what = route.pattern,
                       .count = count,
                       .age = std::max(now - uses[i].since, base::Duration::zero())});
    };
    add("request", uses[i].requests);
    add("queued request", uses[i].queued);
    add("hijacked connection", uses[i].hijacked);
  }
  return holds;
}

}  // namespace berth::app
