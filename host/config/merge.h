// The top levels of several files as one: which keys add up and which may stand in one file alone.
// Not what they mean.
#pragma once

#include <vector>

#include "config/diagnostic.h"
#include "config/node.h"

namespace berth::config {

// As read_tree() says, without `include` and without the x- keys of all but the first. The place of
// a list or map is that of the first file that has it. REQUIRES: at least one root; all are maps,
// unless there is only one.
[[nodiscard]] Node merge(std::vector<Node> roots, Diagnostics& diagnostics);

}  // namespace berth::config
