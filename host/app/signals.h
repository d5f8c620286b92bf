// The process's signals as events for the main thread: blocked everywhere, read from a descriptor.
#pragma once

#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace berth::app {

// Made on the main thread before any other is started, so that all inherit the mask: every signal
// but the faults is blocked. The mask stays until the process ends.
class Signals {
 public:
  [[nodiscard]] static base::Result<Signals> open();

  // The next signal's number; 0: none came until `deadline`.
  [[nodiscard]] int wait(base::TimePoint deadline, const base::Clock& clock) noexcept;

 private:
  explicit Signals(base::Descriptor descriptor) noexcept : descriptor_(std::move(descriptor)) {}
  base::Descriptor descriptor_;
};

}  // namespace berth::app
