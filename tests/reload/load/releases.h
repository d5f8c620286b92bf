// Which of the two releases may answer a request, of those that are deployed in turn; it deploys
// none.
#pragma once

#include <cstdint>

namespace berth::reload {

class Releases {
 public:
  // A reload was asked for: from now on the next generation may answer.
  void ask() noexcept { ++asked_; }
  // It has returned, and the one before may answer nothing that begins from now on.
  void take_effect() noexcept { returned_ = asked_; }
  // It was refused.
  void take_back() noexcept { asked_ = returned_; }

  // Generations, counted from 0; even ones are release 1.
  [[nodiscard]] std::uint64_t asked() const noexcept { return asked_; }
  [[nodiscard]] std::uint64_t returned() const noexcept { return returned_; }
  [[nodiscard]] static int release_of(std::uint64_t generation) noexcept {
    return generation % 2 == 0 ? 1 : 2;
  }

  // Whether that release may answer now what began when returned() was `since`.
  [[nodiscard]] bool may_answer(std::uint64_t since, int release) const noexcept {
    return asked_ > since ? release == 1 || release == 2 : release == release_of(since);
  }

 private:
  std::uint64_t asked_ = 0;
  std::uint64_t returned_ = 0;
};

}  // namespace berth::reload
