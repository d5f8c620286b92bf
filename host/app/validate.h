// Whether a configuration and its plugins would serve: `berth validate`. The plugins run in child
// processes, so that whatever they do there costs nothing.
#pragma once

#include <string>

namespace berth::app {

// 0: would serve; 1: would not, and stderr says everything that is wrong: with the file, with its
// routes, with each plugin (plugin_probe.h; one with `probe: off` is only looked at). No listener
// is opened.
[[nodiscard]] int validate(const std::string& file);

}  // namespace berth::app
