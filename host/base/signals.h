// The process's signals as events for the main thread: blocked everywhere, read from a descriptor.
#pragma once

#include <initializer_list>
#include <utility>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::base {

// Made on the main thread before any other is started, so that all inherit the mask: every signal
// but the faults is blocked. The mask stays until the process ends.
class Signals {
 public:
  // `more`: further ones that next() tells.
  [[nodiscard]] static Result<Signals> open(std::initializer_list<int> more = {});

  // Readable while there is one.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  // The number of one that has come, SIGTERM, SIGINT, SIGQUIT, SIGHUP or one of `more`; 0: none
  // has. Does not wait.
  [[nodiscard]] int next() noexcept;

 private:
  explicit Signals(Descriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
  Descriptor descriptor_;
};

}  // namespace berth::base
