// Whose code the calling thread is inside, if not the host's: one word for each thread, so that the
// threads it starts can be counted for their owner. What the word points to is plugin/'s.
#pragma once

#include <utility>

namespace berth::base {

class RunningCode {
 public:
  RunningCode() = delete;

  // Null: the host's own.
  [[nodiscard]] static const void* current() noexcept { return current_; }
  // Returns the one before, which the caller has to put back.
  static const void* exchange(const void* owner) noexcept { return std::exchange(current_, owner); }

 private:
  static inline constinit thread_local const void* current_ = nullptr;
};

// Around what the host does for itself from wherever it happens to be called, such as starting a
// thread of its own: nothing of it is counted for the plugin whose call led here.
class OwnCode {
 public:
  OwnCode() noexcept : outer_(RunningCode::exchange(nullptr)) {}
  OwnCode(const OwnCode&) = delete;
  OwnCode& operator=(const OwnCode&) = delete;
  ~OwnCode() noexcept { RunningCode::exchange(outer_); }

 private:
  const void* outer_;
};

}  // namespace berth::base
