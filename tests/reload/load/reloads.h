// Deploys the two releases in turn and has the server reload, over its control socket, without
// waiting for it: the load goes on meanwhile.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/descriptor.h"
#include "load/answer.h"
#include "reload/load/around.h"

namespace berth::reload {

struct Deploying {
  std::string control;                  // path of the socket
  std::array<std::string, 2> releases;  // files
  std::string deployed;                 // the file that the configuration names
  std::chrono::milliseconds pace{600};  // from one to the next, if the server is that quick
};

class Reloads final : public Ready {
 public:
  Reloads(Deploying deploying, Around& around);

  // Begins; each one is a line of JSON on stdout.
  void start(std::uint64_t count);
  [[nodiscard]] bool done() const noexcept { return ended_ == wanted_; }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }
  // A right answer; the first one of the new release tells when it served.
  void saw(std::uint64_t since, int release, Clock::time_point now);

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point now) override;

 private:
  void deploy() const;
  void ask();
  // Once the server has answered and the new release has.
  void finish(Clock::time_point now);

  Deploying deploying_;
  Around& around_;
  base::Descriptor socket_;
  std::string input_;
  load::Answer answer_;
  std::uint64_t wanted_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t failed_ = 0;
  bool under_way_ = false;
  bool answered_ = false;
  Clock::time_point asked_at_;
  Clock::time_point answered_at_;
  Clock::time_point first_at_;  // the epoch: not yet
};

}  // namespace berth::reload
