// std::terminate() with a reason: the exception nobody caught is remembered on its thread until
// abort() is told. It reports nothing.
#pragma once

#include <exception>

#include "observe/crash_record.h"

namespace berth::app {

struct Terminated {
  observe::CrashText<256> exception;  // its type; empty: there was none
  observe::CrashText<512> message;    // its what()
};

// What ends the calling thread; null: nothing, or it did not come this way. From a handler of a
// signal, too.
[[nodiscard]] const Terminated* terminated() noexcept;

// Of the whole process, while it lives.
class TerminateHandler {
 public:
  TerminateHandler() noexcept;
  TerminateHandler(const TerminateHandler&) = delete;
  TerminateHandler& operator=(const TerminateHandler&) = delete;
  ~TerminateHandler() noexcept;

 private:
  std::terminate_handler before_;
};

}  // namespace berth::app
