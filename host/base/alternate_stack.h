// A stack of the calling thread for handlers of signals, so that a fault can be told even where the
// ordinary stack has none left. It handles no signal.
#pragma once

#include <cstddef>

namespace berth::base {

// For as long as it lives, on the thread that made it; memory is taken for what is used of it
// alone, and a page below it is kept out of reach. A thread that has one already, a sanitizer's or
// a plugin's, keeps that; one that a plugin puts in its place is left alone. Without memory for it
// there is none: then a fault on a full stack ends the process untold.
class AlternateStack {
 public:
  AlternateStack() noexcept;
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;
  ~AlternateStack() noexcept;

 private:
  void* memory_ = nullptr;  // with the guard page in front; null: the thread has another, or none
  std::size_t size_ = 0;
};

}  // namespace berth::base
