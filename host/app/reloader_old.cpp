// What Reloader does about generations and plugins that serve no more.
#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "app/reloader.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// How often old generations are looked at: at first soon, for most have no user after milliseconds.
constexpr auto kLookSoon = 2ms;
constexpr auto kLookSeldom = 200ms;
// For tasks of plugins that never served to end when they are told to.
constexpr auto kTaskEnd = 100ms;

}  // namespace

void Reloader::let_go(Unserved unserved) {
  bool all = true;
  for (const Generation::Released& released : unserved.plugins) {
    if (!released.plugin->stop(kTaskEnd)) all = false;
  }
  // One of them may have a handler of another, whose task still runs, in a chain.
  if (!all) {
    unserved_.push_back(std::move(unserved));
    return;
  }
  for (Generation::Released& released : unserved.plugins) {
    departures_.begin(std::move(released), unserved.generation);
  }
}

base::TimePoint Reloader::look_after_the_old() {
  for (Unserved& unserved : std::exchange(unserved_, {})) let_go(std::move(unserved));
  std::vector<std::shared_ptr<Retirement>> old;
  {
    const std::lock_guard lock(mutex_);
    old = retiring_;
  }
  for (const std::shared_ptr<Retirement>& retirement : old) {
    {
      // Whoever waits comes first, but for one: a storm of reloads must not keep images for ever.
      const std::lock_guard lock(mutex_);
      if (stopping_ || (!jobs_.empty() && retirement != old.front())) break;
    }
    const std::uint64_t number = retirement->generation().number();
    const bool gone = retirement->advance([&](Generation::Released released) {
      // A generation that was replaced before or after this one may have it, too.
      const bool kept = std::any_of(old.begin(), old.end(), [&released](const auto& other) {
        return other->generation().has(*released.plugin);
      });
      if (!kept) departures_.begin(std::move(released), number);
    });
    if (!gone) continue;
    {
      const std::lock_guard lock(mutex_);
      std::erase(retiring_, retirement);
      made_at_.erase(number);
    }
    gone_.push_back(retirement);
  }
  old.clear();
  // Who asks why() may still look at one: it has to go here, not there.
  std::erase_if(gone_, [](const auto& retirement) { return retirement.use_count() == 1; });
  const bool departed = departures_.advance();
  const base::TimePoint now = parts_.clock.now();
  const std::lock_guard lock(mutex_);
  if (departed && retiring_.empty() && gone_.empty() && unserved_.empty()) {
    return base::TimePoint::max();
  }
  // As long as it has lasted: a look costs every loop a turn.
  base::Duration pause = kLookSeldom;
  if (!retiring_.empty()) {
    pause = std::clamp<base::Duration>(now - retiring_.back()->since(), kLookSoon, kLookSeldom);
  }
  return now + pause;
}

}  // namespace berth::app
