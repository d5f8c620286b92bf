// Whether a configuration and its plugins would serve: `berth validate`. The plugins run in a child
// process, so that whatever they do there costs nothing.
#pragma once

#include <string>

namespace berth::app {

// Runs probe() in a child under a time limit. 0: would serve; 1: would not, and stderr says
// everything that is wrong: with the file, with the plugins, and which plugin crashed, ended the
// process or did not return.
[[nodiscard]] int validate(const std::string& file);

// What the child does: loads the configuration and its plugins and makes every handler; opens no
// listener. `report` is a file, opened for writing, that tells the parent how far it came. Returns
// the exit code.
[[nodiscard]] int probe(const std::string& file, int report);

}  // namespace berth::app
