// Whether a configuration and its plugins would serve: `berth validate`. The plugins run in a child
// process, so that whatever they do there costs nothing.
#pragma once

#include <string>

namespace berth::app {

// Runs validate_here() in a child under a time limit. 0: would serve; 1: would not, and stderr says
// why, a crash of the child included.
[[nodiscard]] int validate(const std::string& file);

// Loads the configuration and its plugins into this process and makes every handler; opens no
// listener.
[[nodiscard]] int validate_here(const std::string& file);

}  // namespace berth::app
