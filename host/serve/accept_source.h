// A listener as one loop sees it: accepts connections, hands each to the least loaded loop,
// survives running out of descriptors. Every loop has one per listener.
#pragma once

#include <memory>

#include "net/acceptor.h"
#include "sched/source.h"
#include "serve/h1_connection.h"

namespace berth::serve {

class Service;

// The loop's driver only. The listener's descriptor, `info` and the service outlive it.
class AcceptSource final : public sched::Source {
 public:
  AcceptSource(Service& service, sched::Loop& loop, const ListenerInfo& info, int listener) noexcept
      : service_(service), loop_(loop), info_(info), listener_(listener) {}

  // Begins to accept.
  [[nodiscard]] base::Status<> start() noexcept;
  // Takes what waits in the backlog now (before stop()).
  void accept_queued();
  // No more connections from here on.
  void stop() noexcept;

  [[nodiscard]] sched::Loop& loop() const noexcept { return loop_; }

  [[nodiscard]] sched::Turn on_event(sched::Worker& worker, sched::Readiness readiness) override;
  void on_timer(sched::Worker& worker) override;

 private:
  static constexpr int kMostQueued = 65'536;  // the largest backlog there is

  // What one look at the listener brought.
  struct Accepted {
    std::unique_ptr<H1Connection> connection;  // null: none, or another loop has it already
    bool more = true;                          // there may be
  };
  [[nodiscard]] Accepted accept_one();
  // Null: turned away, or given to another loop.
  [[nodiscard]] std::unique_ptr<H1Connection> take(net::AcceptOutcome outcome);
  // Tells a client that it is not served, and closes: without waiting, so it is not sure to read
  // it.
  void turn_away(const base::Descriptor& descriptor) noexcept;

  Service& service_;
  sched::Loop& loop_;
  const ListenerInfo& info_;
  const int listener_;
  net::Acceptor acceptor_;
  bool stopped_ = false;
  bool paused_ = false;
};

}  // namespace berth::serve
