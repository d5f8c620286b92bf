// Asks once on a new connection and says what came of it; it judges nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/descriptor.h"
#include "crash/load/around.h"
#include "load/answer.h"

namespace berth::crash {

enum class Outcome : std::uint8_t { kAnswered, kRefused, kBroken };

class Asker final : public Ready {
 public:
  // `answer` is empty but where it is kAnswered.
  using Ended =
      std::function<void(Outcome outcome, const load::Answer& answer, Clock::time_point now)>;

  explicit Asker(Around& around) : around_(around) {}

  // REQUIRES: nothing is under way. `ended` may be called before it returns.
  void ask(const std::string& request, Ended ended);
  [[nodiscard]] bool under_way() const noexcept { return under_way_; }

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point) override {}

 private:
  void end(Outcome outcome, Clock::time_point now);

  Around& around_;
  Ended ended_;
  base::Descriptor socket_;
  std::string input_;
  load::Answer answer_;
  bool under_way_ = false;
};

}  // namespace berth::crash
