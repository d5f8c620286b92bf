// `berth crashes`: the crash reports in the state folder. Needs no running server.
#pragma once

#include <string>

namespace berth::cli {

// Prints one line for each, the newest first; json: an array of objects. 1: there is no state
// folder to look in.
[[nodiscard]] int list_crashes(bool json);

// Prints the report of that name; json: an object. 1: there is none, or it cannot be read.
[[nodiscard]] int show_crash(const std::string& name, bool json);

}  // namespace berth::cli
