// What to do when accept(2) fails: try again, pause, shed or give up; and when to log it. A pure
// state machine: no descriptor, no clock, no system call.
#pragma once

#include "base/clock.h"

namespace berth::net {

enum class AcceptAction {
  kRetry,    // this connection is gone (ECONNABORTED...) or a signal came: accept again at once
  kNothing,  // EAGAIN: the backlog is empty
  kShed,     // EMFILE, ENFILE: no descriptor; with a spare one the connection can be told so
  kPause,    // out of memory or something unknown: try again after `pause`
  kGiveUp,   // the listener itself is wrong (EBADF, EINVAL...): a bug, or it was closed
};

struct AcceptVerdict {
  AcceptAction action;
  base::Duration pause;  // for kPause; 0 otherwise
  bool log;              // true once per step: log it now
};

// One owner at a time.
class AcceptPolicy {
 public:
  // REQUIRES error_number != 0. A run of kRetry longer than kMaxRetries becomes kPause, so that no
  // error can make a loop spin.
  [[nodiscard]] AcceptVerdict on_error(int error_number, base::TimePoint now) noexcept;
  // After kShed when no descriptor could be had either: the step's pause, 5 ms doubled up to 1 s
  // (Go net/http Server.Serve; limits kAcceptPause, kAcceptPauseMax).
  [[nodiscard]] AcceptVerdict cannot_shed(base::TimePoint now) noexcept;
  // A connection was accepted for serving: the next pause is 5 ms again. The log starts anew only
  // after a second without a line, so that errors between successes do not flood it.
  void on_success(base::TimePoint now) noexcept;

  static constexpr int kMaxRetries = 64;

 private:
  [[nodiscard]] bool log_step(base::TimePoint now) noexcept;
  [[nodiscard]] AcceptVerdict pause(base::TimePoint now) noexcept;

  base::Duration step_{0};      // the last pause; 0: none since a success
  base::Duration log_step_{0};  // the last distance between two log lines
  base::TimePoint next_log_{};  // nothing is logged before
  int retries_ = 0;
};

}  // namespace berth::net
