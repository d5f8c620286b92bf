// What keeps an image in the process: how it is found out and how it is told. Not what is done
// about it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "plugin/image_use.h"

namespace berth::plugin {

struct ImageHold {
  std::string kind;  // "thread", "thread_local", "signal handler", "image"; "task" by Plugin
  std::string what;  // names, as far as there are any
  std::size_t count = 1;
};

// Threads it started, thread_local destructors, handlers of signals that lie in it.
[[nodiscard]] std::vector<ImageHold> holds_of(const ImageUse& image);

// "2 threads (poller, writer)". For logs.
[[nodiscard]] std::string describe(const ImageHold& hold);

}  // namespace berth::plugin
