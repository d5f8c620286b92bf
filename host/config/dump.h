// A Configuration as text with every default filled in, for `berth validate --print` and tests. The
// text is valid berth.yaml again, without comments. Not for machines: no stable format is promised.
#pragma once

#include <string>

#include "config/configuration.h"

namespace berth::config {

// Loading the result gives the same configuration but for positions; paths are resolved already.
[[nodiscard]] std::string dump(const Configuration& configuration);

}  // namespace berth::config
