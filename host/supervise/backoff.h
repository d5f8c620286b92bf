// How long a supervisor waits before it starts the next host. A rule, not a timer.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace berth::supervise {

// A host that crashes now and then is replaced at once; one that cannot stay must not keep a core
// busy with starting it.
struct BackoffOptions {
  base::Duration quick = std::chrono::seconds(10);  // who lived shorter makes the wait longer
  base::Duration first = std::chrono::milliseconds(100);
  base::Duration most = std::chrono::seconds(10);
  base::Duration reset = std::chrono::seconds(60);  // who lived that long makes it none again
};

class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options = {}) noexcept : options_(options) {}

  // A host has ended that lived so long: the wait before the next. None the first time, nor after
  // one that stayed; then `first`, doubled with each that was quick, up to `most`.
  [[nodiscard]] base::Duration next(base::Duration lived) noexcept;

 private:
  BackoffOptions options_;
  base::Duration wait_{};
  bool ended_before_ = false;
};

}  // namespace berth::supervise
