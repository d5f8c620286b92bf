// Says in words why two patterns conflict, with a path as proof. Finds no conflicts itself.
#pragma once

#include <string>

#include "mux/pattern.h"

namespace berth::mux {

// A path that both match, percent-encoded. REQUIRES: the paths are not disjoint.
[[nodiscard]] std::string common_path(const Pattern& a, const Pattern& b);

// A path that a matches and b does not, percent-encoded. REQUIRES: compare_paths(a, b) is kOverlaps
// or kMoreGeneral.
[[nodiscard]] std::string difference_path(const Pattern& a, const Pattern& b);

// One sentence or two without a final stop, patterns as they were written.
// REQUIRES: conflicts(a, b).
[[nodiscard]] std::string describe_conflict(const Pattern& a, const Pattern& b);

}  // namespace berth::mux
