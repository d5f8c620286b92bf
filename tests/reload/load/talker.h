// A client whose connection the plugin takes over: it says something every few milliseconds and
// gets a line for it, all of them of one release, until that release is drained and says goodbye.
#pragma once

#include <cstdint>
#include <string>

#include "base/descriptor.h"
#include "reload/load/around.h"
#include "reload/load/kind.h"

namespace berth::reload {

class Talker final : public Ready {
 public:
  // Both outlive it; its judge is not asked.
  Talker(Kind& kind, Around& around) : kind_(kind), around_(around) {}

  void start();
  // Ends its side: the goodbye is still waited for.
  void hang_up();
  void expire();

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point now) override;

 private:
  // False: it ended here.
  bool take_lines(Clock::time_point now);
  void ended(const std::string& how, Clock::time_point now);
  void end(Clock::time_point now);

  Kind& kind_;
  Around& around_;
  base::Descriptor socket_;
  std::string input_;
  std::uint64_t since_ = 0;
  int release_ = kWrong;  // that talks; kWrong: it has not said yet
  bool head_taken_ = false;
  bool asked_ = false;  // a line is owed
  bool said_goodbye_ = false;
  bool hung_up_ = false;
  Clock::time_point asked_at_;
};

}  // namespace berth::reload
