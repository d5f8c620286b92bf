// What an operator may ask of a running server, whoever brings the question: the control socket, a
// signal, a watched file. Not how it is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/reload_report.h"
#include "base/result.h"

namespace berth::app {

struct ReloadRequest {
  bool dry_run = false;
  // For the log: "SIGHUP", "control socket, uid 1000 pid 4242", "watch".
  std::string asked_by;
};

// Any thread, many at once; calls that say so wait. It outlives every caller.
class Control {
 public:
  Control() = default;
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  virtual ~Control() = default;

  // Waits until the configuration of this moment, or a later one, serves or was refused. Any number
  // of them at once are at most two loads, and everybody gets the report of one that began after
  // they asked. While the server stops: refused.
  [[nodiscard]] virtual ReloadReport reload(const ReloadRequest& request) = 0;
  // The same for a generation that is kept, its configuration and images together; nullopt: the one
  // before the serving one.
  [[nodiscard]] virtual ReloadReport roll_back(std::optional<std::uint64_t> to,
                                               const ReloadRequest& request) = 0;

  [[nodiscard]] virtual ServerStatus status() = 0;
  // The serving one first, then those in memory and those kept, newest first.
  [[nodiscard]] virtual std::vector<GenerationInfo> generations() = 0;
  // What holds a generation, with ages. Waits for a turn of every loop, at most a second; then what
  // is known so far. kNotFound: no such generation is in memory or kept.
  [[nodiscard]] virtual base::Result<std::vector<Hold>> why(std::uint64_t generation) = 0;

  // Reloads leave that plugin's image alone until it is unpinned. kNotFound: no plugin of that
  // alias serves; else as the system says.
  [[nodiscard]] virtual base::Status<> pin(const std::string& alias) = 0;
  [[nodiscard]] virtual base::Status<> unpin(const std::string& alias) = 0;

  // Has a quarantined plugin called again, by a reload: its crashes until now count no more.
  // kNotFound: it is not quarantined; else as the system says.
  [[nodiscard]] virtual base::Result<ReloadReport> release(const std::string& alias,
                                                           const ReloadRequest& request) = 0;

  // Waits until a new host of the program's file, with the configuration of this moment, serves in
  // place of this one; which it is. Errors: why none does, and this one goes on.
  [[nodiscard]] virtual base::Result<std::string> upgrade() = 0;

  // As SIGTERM. Does not wait.
  virtual void stop(const std::string& asked_by) = 0;
};

}  // namespace berth::app
