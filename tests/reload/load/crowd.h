// The clients of one kind, and in an open loop the times at which each of their requests is due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bench/load/schedule.h"
#include "reload/load/client.h"
#include "reload/load/kind.h"

namespace berth::reload {

class Crowd {
 public:
  // Both outlive it.
  Crowd(Kind& kind, Around& around);

  // Everybody asks, again and again, or where `rate` is not 0 so many a second of all together.
  void start(std::uint64_t rate);
  // Sends what is due and has a free connection; the rest waits, and its latency counts.
  void advance(Clock::time_point now);
  void give_up();
  void expire();
  void on_answered(const Client::Answered& answered);

 private:
  Around& around_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> free_;
  std::optional<bench::Schedule> schedule_;
};

}  // namespace berth::reload
