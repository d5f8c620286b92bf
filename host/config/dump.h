// A Configuration as text with every default filled in, for `berth validate --print` and tests. The
// text is valid berth.yaml again, without comments. Not for machines: no stable format is promised.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/configuration.h"

namespace berth::config {

// Loading the result gives the same configuration but for positions; paths are resolved already.
[[nodiscard]] std::string dump(const Configuration& configuration);
// Its item of `listen`: the same for two exactly if they are the same but for positions.
[[nodiscard]] std::string dump(const Listener& listener);

// Each key of the top level that is one value, and of timeouts, limits and log, with its value as
// dump() writes it; `control` has none where it is the default. Always the same keys in the same
// order; those of a section follow each other.
using KeyValues = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] KeyValues dump_values(const Configuration& configuration);

}  // namespace berth::config
