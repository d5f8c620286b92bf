// A busy client, as HTTP clients are: it asks on one connection for as long as the server keeps it,
// and on a new one behind `Connection: close`. Every answer is judged.
#pragma once

#include <string>

#include "base/descriptor.h"
#include "crash/load/around.h"
#include "crash/load/kind.h"
#include "load/answer.h"

namespace berth::crash {

class Client final : public Ready {
 public:
  // Both outlive it.
  Client(Kind& kind, Around& around) : kind_(kind), around_(around) {}

  // REQUIRES: no request of it is under way.
  void start(Clock::time_point now);
  // Counts a request that is still under way as failed.
  void expire();

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point now) override;

 private:
  void ask(Clock::time_point now);
  // The connection ended in the middle of a request.
  void broken(const std::string& how, Clock::time_point now);
  void end(Clock::time_point now, Clock::duration pause);

  Kind& kind_;
  Around& around_;
  const std::string request_ = request_for(kind_.target, kind_.close);
  base::Descriptor socket_;
  Clock::time_point connected_at_;
  std::string input_;
  load::Answer answer_;
  bool kept_ = false;    // the connection had an answer before
  bool asked_ = false;   // an answer is owed
  bool second_ = false;  // this is the second attempt
};

}  // namespace berth::crash
