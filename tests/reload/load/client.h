// One client of a kind: it sends a request, judges the answer, and asks again, at once, after the
// pause of its kind, or when its queue tells it to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/descriptor.h"
#include "load/answer.h"
#include "reload/load/around.h"
#include "reload/load/kind.h"

namespace berth::reload {

class Client final : public Ready {
 public:
  // A request has ended, well or not; nothing: the client goes on by itself.
  using Ended = std::function<void(Client&)>;
  // Every right answer: when it began by Releases::returned(), and whose it is.
  using Answered = std::function<void(std::uint64_t since, int release, Clock::time_point now)>;

  // Both outlive it.
  Client(Kind& kind, Around& around) : kind_(kind), around_(around) {}
  void on_ended(Ended ended) { ended_ = std::move(ended); }
  void on_answered(Answered answered) { answered_ = std::move(answered); }

  // The latency counts from `due`. REQUIRES: no request of it is under way.
  void start(Clock::time_point due);
  // Those that a reload alone would answer end here; others that are under way go on.
  void give_up();
  // Counts a request that is still under way as failed.
  void expire();

  void on_ready(Clock::time_point now) override;
  void on_due(Clock::time_point now) override;

 private:
  [[nodiscard]] bool connect();
  // False: it broke, which was counted.
  bool send_pieces(Clock::time_point now);
  void receive(Clock::time_point now);
  // False: it ended here.
  bool take_answers(Clock::time_point now);
  void end(Clock::time_point now);
  void fail(const std::string& what, Clock::time_point now);
  void go_on(Clock::time_point now);

  Kind& kind_;
  Around& around_;
  Ended ended_;
  Answered answered_;
  base::Descriptor socket_;
  std::string input_;
  Answer answer_;
  std::string_view unsent_;  // of the piece that is being sent
  std::size_t next_piece_ = 0;
  std::size_t missing_answers_ = 0;  // 0: none is under way
  std::uint64_t since_ = 0;
  bool waits_to_write_ = false;
  Clock::time_point due_;
};

}  // namespace berth::reload
