// `berth plugin inspect FILE`.
#pragma once

#include <string>

namespace berth::cli {

// Prints what the file's note and ELF structures tell. 0: this host would load it; 1: it would not,
// or it is no plugin.
[[nodiscard]] int inspect_plugin(const std::string& file, bool json);

}  // namespace berth::cli
