#include "app/departures.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// What keeps an image ends by itself, if ever (a thread, mostly): asked for again after a second,
// and twice as long each time.
constexpr base::Duration kTryAgain = 1s;
constexpr base::Duration kTryAgainMost = 1min;
// For tasks of a plugin to end when they are told to, before others are looked after meanwhile.
constexpr auto kTaskEnd = 100ms;

}  // namespace

plugin::UnloadResult Departures::end(Departure& departure, base::Duration task_end) {
  // Handlers behind stop(), the image behind its handlers.
  if (departure.plugin->stop(task_end)) departure.answers.clear();
  return departure.plugin->unload();
}

void Departures::begin(Generation::Released released, std::uint64_t generation) {
  const base::TimePoint now = clock_.now();
  Departure departure{.plugin = std::move(released.plugin),
                      .answers = std::move(released.answers),
                      .generation = generation,
                      .since = now,
                      .try_again = now + kTryAgain,
                      .wait = kTryAgain};
  if (end(departure, kTaskEnd).left) return;
  // Mostly threads that keep destructors of it: they are asked to run them.
  departure.round = server_.begin_visit();
  const std::lock_guard lock(mutex_);
  departures_.push_back(std::move(departure));
}

bool Departures::advance() {
  const base::TimePoint now = clock_.now();
  std::vector<Departure> due;
  {
    const std::lock_guard lock(mutex_);
    const auto waits = [&](const Departure& departure) {
      return now < departure.try_again && !server_.is_visited(departure.round);
    };
    const auto first = std::stable_partition(departures_.begin(), departures_.end(), waits);
    std::move(first, departures_.end(), std::back_inserter(due));
    departures_.erase(first, departures_.end());
  }
  for (Departure& departure : due) {
    const plugin::UnloadResult result = end(departure, base::Duration::zero());
    if (result.left) {
      if (departure.told) {
        log_.info("a replaced plugin has left memory",
                  {{"plugin", departure.plugin->alias()}, {"generation", departure.generation}});
      }
      continue;
    }
    if (!std::exchange(departure.told, true)) {
      log_.warn("a replaced plugin stays in memory for now", {{"plugin", departure.plugin->alias()},
                                                              {"generation", departure.generation},
                                                              {"why", result.why()}});
    }
    (void)server_.begin_visit();
    departure.round = UINT64_MAX;
    departure.try_again = now + departure.wait;
    departure.wait = std::min(2 * departure.wait, kTryAgainMost);
    const std::lock_guard lock(mutex_);
    departures_.push_back(std::move(departure));
  }
  const std::size_t left = retired();
  if (left > base::limits::kRetiredImages && !std::exchange(told_of_many_, true)) {
    log_.error("many replaced plugins stay in memory: a restart is due", {{"images", left}});
  } else if (left <= base::limits::kRetiredImages) {
    told_of_many_ = false;
  }
  const std::lock_guard lock(mutex_);
  return departures_.empty();
}

std::size_t Departures::retired() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(departures_.begin(), departures_.end(),
                    [](const Departure& departure) { return departure.told; }));
}

bool Departures::has(std::uint64_t generation) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(
      departures_.begin(), departures_.end(),
      [generation](const Departure& departure) { return departure.generation == generation; });
}

std::vector<Hold> Departures::holds(std::uint64_t generation) const {
  std::vector<Hold> holds;
  const std::lock_guard lock(mutex_);
  for (const Departure& departure : departures_) {
    if (departure.generation != generation) continue;
    for (const plugin::ImageHold& hold : departure.plugin->image().holds()) {
      holds.push_back({.kind = hold.kind,
                       .plugin = departure.plugin->alias(),
                       .what = hold.what,
                       .count = hold.count,
                       .age = clock_.now() - departure.since});
    }
  }
  return holds;
}

}  // namespace berth::app
