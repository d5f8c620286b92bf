#include "app/departures.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "plugin/task_set.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// What keeps an image ends by itself, if ever (a thread, mostly): asked for again after a second,
// and twice as long each time.
constexpr base::Duration kTryAgain = 1s;
constexpr base::Duration kTryAgainMost = 1min;
// For tasks of a plugin to end when they are told to, before others are looked after meanwhile.
constexpr auto kTaskEnd = 100ms;
// From when on an image that has not left is worth a line.
constexpr auto kTellAfter = 3s;

}  // namespace

plugin::UnloadResult Departures::end(Departure& departure, base::Duration task_end) {
  const std::vector<plugin::TaskInfo> tasks = departure.plugin->tasks().running();
  if (!departure.plugin->stop(task_end)) {
    // A task may have ended since, but on_stop was not called: that takes another try.
    plugin::UnloadResult kept;
    for (const plugin::TaskInfo& task : tasks) kept.holds.push_back({"task", task.name});
    return kept;
  }
  // Handlers behind stop(), the image behind its handlers.
  departure.answers.clear();
  return departure.plugin->unload();
}

void Departures::begin(Generation::Released released, std::uint64_t generation) {
  const base::TimePoint now = clock_.now();
  const auto departure =
      std::make_shared<Departure>(Departure{.plugin = std::move(released.plugin),
                                            .answers = std::move(released.answers),
                                            .generation = generation,
                                            .since = now,
                                            .try_again = now + kTryAgain,
                                            .wait = kTryAgain,
                                            .tried = true});
  {
    const std::lock_guard lock(mutex_);
    departures_.push_back(departure);
  }
  const bool left = end(*departure, kTaskEnd).left;
  const std::lock_guard lock(mutex_);
  departure->tried = false;
  if (left) {
    std::erase(departures_, departure);
  } else {
    // Mostly threads that keep destructors of it: they are asked to run them.
    departure->round = server_.begin_visit();
  }
}

bool Departures::advance() {
  const base::TimePoint now = clock_.now();
  std::vector<std::shared_ptr<Departure>> due;
  {
    const std::lock_guard lock(mutex_);
    std::copy_if(departures_.begin(), departures_.end(), std::back_inserter(due),
                 [&](const auto& departure) {
                   return now >= departure->try_again || server_.is_visited(departure->round);
                 });
    for (const auto& departure : due) departure->tried = true;
  }
  // Tried without the lock, which may take a while; whoever asks still sees them.
  for (const std::shared_ptr<Departure>& departure : due) {
    const plugin::UnloadResult result = end(*departure, base::Duration::zero());
    const std::lock_guard lock(mutex_);
    departure->tried = false;
    if (result.left) {
      if (departure->told) {
        log_.info("a replaced plugin has left memory",
                  {{"plugin", departure->plugin->alias()}, {"generation", departure->generation}});
      }
      std::erase(departures_, departure);
      continue;
    }
    // Threads that just end, and destructors they run, take some tries; nobody has to hear of it.
    if (now - departure->since >= kTellAfter && !std::exchange(departure->told, true)) {
      log_.warn("a replaced plugin stays in memory for now",
                {{"plugin", departure->plugin->alias()},
                 {"generation", departure->generation},
                 {"why", result.why()}});
    }
    (void)server_.begin_visit();
    departure->round = UINT64_MAX;
    departure->try_again = now + departure->wait;
    departure->wait = std::min(2 * departure->wait, kTryAgainMost);
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
                    [](const auto& departure) { return departure->told; }));
}

bool Departures::has(std::uint64_t generation) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(departures_.begin(), departures_.end(), [generation](const auto& departure) {
    return departure->generation == generation;
  });
}

std::vector<Hold> Departures::holds(std::uint64_t generation) const {
  std::vector<Hold> holds;
  const std::lock_guard lock(mutex_);
  for (const auto& departure : departures_) {
    if (departure->generation != generation) continue;
    if (departure->tried) {
      holds.push_back({.kind = "image",
                       .plugin = departure->plugin->alias(),
                       .what = "it is about to be unloaded",
                       .age = clock_.now() - departure->since});
      continue;
    }
    for (const plugin::TaskInfo& task : departure->plugin->tasks().running()) {
      holds.push_back({.kind = "task",
                       .plugin = departure->plugin->alias(),
                       .what = task.name,
                       .age = clock_.now() - departure->since});
    }
    for (const plugin::ImageHold& hold : departure->plugin->image().holds()) {
      holds.push_back({.kind = hold.kind,
                       .plugin = departure->plugin->alias(),
                       .what = hold.what,
                       .count = hold.count,
                       .age = clock_.now() - departure->since});
    }
  }
  return holds;
}

}  // namespace berth::app
