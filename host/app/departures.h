// Plugins that nothing uses any more, until their images have left the process: stopped, visited by
// every thread, unloaded, and looked after as long as something keeps them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "app/generation.h"
#include "app/reload_report.h"
#include "app/server.h"
#include "base/clock.h"
#include "observe/log.h"
#include "plugin/plugin.h"

namespace berth::app {

// begin() and advance() on the control thread, the others on any.
class Departures {
 public:
  Departures(Server& server, observe::Log& log, const base::Clock& clock)
      : server_(server), log_(log), clock_(clock) {}
  Departures(const Departures&) = delete;
  Departures& operator=(const Departures&) = delete;
  ~Departures() = default;

  // Stops the plugin. REQUIRES: no request is in it, and no generation has it. `generation`: the
  // last one that had it.
  void begin(Generation::Released released, std::uint64_t generation);
  // Unloads what can be. False: some image is still here.
  bool advance();

  // Images that have not left for a while, and of which the log has told.
  [[nodiscard]] std::size_t retired() const;
  // What keeps images of that generation here.
  [[nodiscard]] std::vector<Hold> holds(std::uint64_t generation) const;
  [[nodiscard]] bool has(std::uint64_t generation) const;

 private:
  struct Departure {
    std::shared_ptr<plugin::Plugin> plugin;
    std::vector<Generation::Answer> answers;  // until it is stopped
    std::uint64_t generation = 0;
    base::TimePoint since;
    std::uint64_t round = 0;    // of visits: see Pool::begin_visit()
    base::TimePoint try_again;  // visited or not
    base::Duration wait;        // until the time after that
    bool told = false;          // that it stays
    bool tried = false;         // the control thread is at it: nobody else may look at its image
  };
  // Does as much of its end as can be done; `left`: nothing of it is here any more.
  [[nodiscard]] static plugin::UnloadResult end(Departure& departure, base::Duration task_end);

  Server& server_;
  observe::Log& log_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  // Shared with the control thread while it tries one: what that changes, it changes under mutex_.
  std::vector<std::shared_ptr<Departure>> departures_;
  bool told_of_many_ = false;
};

}  // namespace berth::app
