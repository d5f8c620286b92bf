// exit(), _exit(), _Exit() and quick_exit() as plugins find them: berth has a version of each that
// tells who called it and then really ends the process. Not what is done with that.
#pragma once

namespace berth::plugin {

struct ExitCall {
  const char* function;  // "exit"; static storage
  int code;
  const void* caller;  // behind its call
};

// Called on the thread that ends the process, before it ends, for calls from inside of a plugin
// alone: from a CallScope, or from the code of an image.
using ExitWatch = void (*)(const ExitCall&) noexcept;

// One at a time; null: nobody. Any thread.
void watch_exits(ExitWatch watch) noexcept;

}  // namespace berth::plugin
