// Which changes of a configuration a running server can take, and which it has to be restarted for.
// Not how they are taken.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/configuration.h"
#include "config/diagnostic.h"

namespace berth::config {

enum class Takes : std::uint8_t { kReload, kRestart };

// What a change of this key takes. Keys as the documentation writes them: "plugins.NAME.file",
// "listen[].mode", "limits.threads". Whatever is not known to be taken by a reload: kRestart.
[[nodiscard]] Takes takes(std::string_view key) noexcept;

// An error for each key that has another value in `next` than in `running` and that a reload cannot
// take, at its place in the new file; where it is gone from there, at its section's, else at the
// whole file's. Values are compared, not spellings: 1000ms is 1s, and a default is the same as its
// value written out. Listeners are compared by name.
[[nodiscard]] std::vector<Diagnostic> restart_findings(const Configuration& running,
                                                       const Configuration& next);

}  // namespace berth::config
