// What the driver says on stdin, a line for each: "crash PROCESS TARGET", "kill PROCESS", "counts",
// and "rest" and "busy": whether clients ask at all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "crash/load/around.h"
#include "crash/load/incident.h"
#include "crash/load/kind.h"

namespace berth::crash {

// Each is answered by one line on stdout; the next one is said behind it.
class Commands final : public Ready {
 public:
  // All outlive it. Throws std::system_error where stdin cannot be waited for.
  Commands(Around& around, Incident& incident, const std::vector<Kind>& kinds, bool spin);

  // The driver says no more.
  [[nodiscard]] bool ended() const noexcept { return !input_; }

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point) override {}

 private:
  void take(std::string_view line);

  Around& around_;
  Incident& incident_;
  const std::vector<Kind>& kinds_;
  const bool spin_;  // while they are busy
  base::Descriptor input_;
  std::string text_;
};

// What came of all kinds so far, as a line of JSON on stdout.
void tell_counts(const std::vector<Kind>& kinds);

}  // namespace berth::crash
