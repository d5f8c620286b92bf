// One crash or kill of the host, and how long nobody who connects then is served.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "crash/load/around.h"
#include "crash/load/asker.h"

namespace berth::crash {

// Tells what came of it as a line of JSON on stdout, once a host other than `process` has answered.
class Incident final : public Ready {
 public:
  // It outlives the incident. `target` names the process that answers, on a new connection.
  Incident(Around& around, const std::string& target);

  // A request that crashes its handler, on a connection of its own. REQUIRES: none is under way.
  void crash(pid_t process, const std::string& target);
  // Throws std::system_error where there is no such process.
  void kill(pid_t process);

  void on_ready(Clock::time_point) override {}
  void on_due(Clock::time_point now) override;

 private:
  void begin(pid_t process);
  void connect_anew();
  void newcomer_ended(Outcome outcome, const load::Answer& answer, Clock::time_point now);
  // Once the guilty has its answer and the next host has served.
  void tell_if_over() const;

  Around& around_;
  const std::string request_;
  Asker guilty_;
  Asker newcomer_;
  std::int64_t process_ = 0;  // that crashes
  std::int64_t next_process_ = 0;
  Clock::time_point began_at_;
  Clock::time_point replaced_at_;   // the epoch: not yet
  Clock::time_point connected_at_;  // the newcomer that is under way
  Clock::duration longest_wait_{};  // of a newcomer
  int status_ = 0;                  // of the guilty; 0: no whole answer
  std::uint64_t refused_ = 0;
  std::uint64_t lost_ = 0;  // newcomers that were accepted, and not answered
};

}  // namespace berth::crash
