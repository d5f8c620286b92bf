// The way out of one generation that was replaced: its requests end or are ended, then its plugins
// are stopped and leave, each as soon as nothing uses it. It decides nothing about its successor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/generation.h"
#include "app/reload_report.h"
#include "app/server.h"
#include "base/clock.h"
#include "observe/log.h"
#include "plugin/plugin.h"

namespace berth::app {

// The control thread only, but for what says otherwise.
class Retirement {
 public:
  // Takes a plugin that nothing of this generation uses any more.
  using Release = std::function<void(Generation::Released)>;

  // REQUIRES: `generation` was replaced in `server`, which outlives this, as the others do.
  Retirement(std::shared_ptr<Generation> generation, Server& server, observe::Log& log,
             const base::Clock& clock);
  Retirement(const Retirement&) = delete;
  Retirement& operator=(const Retirement&) = delete;
  ~Retirement() = default;

  // After each replacement, this one's own included: the plugins that `serving` has not got begin
  // to drain, and are told so; connections they have hijacked hear of it by and by (advance()).
  void follow(const Generation& serving);
  // Does what is due: lets plugins go that drain and that no request uses, cancels requests of
  // those whose drain is over, cuts them after limits::kDrainGrace. True: nothing uses it any more.
  [[nodiscard]] bool advance(const Release& release);

  // At the end of the process, instead of the above: stops what the serving one has not stopped.
  [[nodiscard]] bool stop_plugins() noexcept { return generation_->stop(); }

  // When it was replaced.
  [[nodiscard]] base::TimePoint since() const noexcept { return since_; }
  // Immutable but for plugins(), which are the control thread's. Any thread.
  [[nodiscard]] const Generation& generation() const noexcept { return *generation_; }
  // Requests, queued ones and hijacked connections that still use it, by route. Any thread.
  [[nodiscard]] std::vector<Hold> holds() const;

 private:
  enum class Step : std::uint8_t { kDraining, kCancelled, kCut };
  // A plugin of it that no generation behind it has.
  struct Leaving {
    std::shared_ptr<plugin::Plugin> plugin;
    base::TimePoint since;
    base::TimePoint drain_ends;
    Step step = Step::kDraining;
    // Connections it has hijacked: the most there were, and how many have been told.
    std::uint64_t hijacked = 0;
    std::uint64_t told = 0;
  };
  // How a route is used: at the same place as in the configuration.
  struct RouteUse {
    std::uint64_t requests = 0;
    std::uint64_t queued = 0;
    std::uint64_t hijacked = 0;
    base::TimePoint since = base::TimePoint::max();
    [[nodiscard]] std::uint64_t total() const noexcept { return requests + queued + hijacked; }
  };

  // What uses each route now; nothing: not every loop has answered in time.
  [[nodiscard]] bool look(std::vector<RouteUse>& uses) const;
  [[nodiscard]] RouteUse use_of(const plugin::Plugin& plugin,
                                const std::vector<RouteUse>& uses) const;
  // Tells those it has hijacked, not all in one moment.
  void say_goodbye(Leaving& leaving, const RouteUse& use) const;
  void hurry(Leaving& leaving, std::uint64_t requests);
  // Recalls or cuts what uses routes that involve the plugin, `most` of them. How many it were.
  std::uint64_t end_uses(const std::string& alias, Step step, std::uint64_t most) const;

  const std::shared_ptr<Generation> generation_;
  Server& server_;
  observe::Log& log_;
  const base::Clock& clock_;
  const base::TimePoint since_;
  std::vector<Leaving> leaving_;
  bool settled_ = false;  // no thread is between routing and handler with it any more
};

}  // namespace berth::app
