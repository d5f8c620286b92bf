// Finds the routes of a list that conflict with one another, all at once and without comparing
// each with each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/source_position.h"
#include "mux/route.h"

namespace berth::mux {

// Two routes that both match some request on some listener, and neither is the one to answer it.
struct Conflict {
  std::uint32_t first;  // places in the list of routes; first < second
  std::uint32_t second;
  base::SourcePosition first_position;
  base::SourcePosition second_position;
  bool duplicate;    // they match the same requests; otherwise they overlap
  std::string text;  // why: describe_conflict of the second and the first
};

struct Conflicts {
  std::vector<Conflict> found;  // by second, then first; at most base::limits::kConfigErrors
  bool more = false;            // there may be others: the search ended at the limit
};

[[nodiscard]] Conflicts find_conflicts(std::span<const Route> routes);

// "POSITION-OF-SECOND: error: duplicate route: WHY (the first: POSITION-OF-FIRST)".
[[nodiscard]] std::string message(const Conflict& conflict);

}  // namespace berth::mux
