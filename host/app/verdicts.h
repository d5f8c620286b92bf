// What the crashes that are remembered mean for the plugins of a generation: to be compared with
// what they meant when it was made.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/crash_ledger.h"
#include "app/generation.h"

namespace berth::app {

struct Verdict {
  bool quarantined = false;
  std::map<std::string, std::set<std::uint64_t>, std::less<>> poison;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// By the place of the plugin in the configuration.
using Verdicts = std::vector<Verdict>;

[[nodiscard]] Verdicts verdicts_on(const Generation& generation, const CrashHistory& history);

}  // namespace berth::app
