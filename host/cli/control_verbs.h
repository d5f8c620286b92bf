// The verbs that talk to a running server over its control socket: reload, rollback, status,
// generations, plugin pin, unpin and release, upgrade, stop. They ask, print, and turn the answer
// into an exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "cli/control_client.h"

namespace berth::cli {

struct ControlOptions {
  ControlTarget target;
  bool json = false;         // what the server said, as it is
  base::Duration timeout{};  // how long to wait for the answer
};

// All of them return the exit codes of control_client.h: 0 done; 1 refused or failed, and stderr
// says why; 3 no server answers; 4 none in time.
[[nodiscard]] int reload(const ControlOptions& options, bool dry_run);
// to: nothing: the generation before the serving one.
[[nodiscard]] int roll_back(const ControlOptions& options, std::optional<std::uint64_t> to,
                            bool dry_run);
[[nodiscard]] int show_status(const ControlOptions& options);
[[nodiscard]] int show_generations(const ControlOptions& options);
// What holds it.
[[nodiscard]] int explain_generation(const ControlOptions& options, std::uint64_t number);
[[nodiscard]] int pin(const ControlOptions& options, const std::string& alias, bool pinned);
// Prints the report of the reload that it is.
[[nodiscard]] int release(const ControlOptions& options, const std::string& alias);
// Prints which host serves now.
[[nodiscard]] int upgrade(const ControlOptions& options);
// wait: until the process has ended.
[[nodiscard]] int stop(const ControlOptions& options, bool wait);

}  // namespace berth::cli
