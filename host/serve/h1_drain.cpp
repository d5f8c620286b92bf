// The part of H1Connection that ends it with its server, or with what serves it.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/limits.h"
#include "sched/loop.h"
#include "sched/worker.h"
#include "serve/h1_connection.h"
#include "serve/partings.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

namespace limits = base::limits;

}  // namespace

void H1Connection::on_drain(sched::Worker& worker, bool hard) {
  (void)worker;
  const bool idle = !backlog_ && after_ == After::kRead && discard_ == 0 && !fresh_;
  if (hard) {
    close();
  } else if (idle && has_now(POLLIN)) {
    loop().requeue(*this);  // its next request is here already, and would be lost
  } else if (idle) {
    end_idle();
  } else if (fresh_) {
    set_timer(limits::kNewConnectionGrace);  // its first request may be on the way
  }
}

void H1Connection::end_idle() {
  const base::Duration grace = service_.idle_grace() + service_.partings().next_goodbye();
  if (grace == base::Duration::zero()) {
    close();
  } else {
    set_timer(grace);
  }
}

bool H1Connection::may_last() const noexcept {
  return commit_.hijacked() || wanted_.load(std::memory_order_relaxed) == Wanted::kEventStream;
}

void H1Connection::on_drain_held() noexcept {
  if (!may_last()) return;
  const base::TimePoint now = loop().now();
  part_at_ = now + service_.partings().next_goodbye();
  cut_at_ = service_.partings().next_cut();
  const base::TimePoint next = go_on_parting();
  // What the timer was set for comes first, if it is sooner.
  if (next != base::TimePoint::max() && (!armed() || next < deadline())) {
    loop().schedule(*this, next);
  }
}

base::TimePoint H1Connection::go_on_parting() noexcept {
  const base::TimePoint now = loop().now();
  if (part_at_ <= now) {
    part_at_ = base::TimePoint::max();
    part();
  }
  if (cut_at_ <= now) {
    cut_at_ = base::TimePoint::max();
    // By now it may be at another request.
    if (commit_.hijacked() || wanted_.load(std::memory_order_relaxed) == Wanted::kNothing) {
      stream_->cut();
    }
  }
  return std::min(part_at_, cut_at_);
}

void H1Connection::part() noexcept {
  Wanted stream = Wanted::kEventStream;
  (void)wanted_.compare_exchange_strong(stream, Wanted::kNothing, std::memory_order_relaxed);
  tell_hijacked();
}

// It hears the end of its input, and may say goodbye.
void H1Connection::tell_hijacked() noexcept {
  if (!commit_.hijacked()) return;
  tell_drained();
  (void)::shutdown(stream_->fd(), SHUT_RD);
}

void H1Connection::note_event_stream() noexcept {
  Wanted answer = Wanted::kAnswer;
  // seq_cst, as draining() was set before the loops looked for streams: one of the two sees the
  // other. Who loses a race with the drain is cut at its end.
  if (!wanted_.compare_exchange_strong(answer, Wanted::kEventStream)) return;
  if (service_.draining()) part();
}

void H1Connection::recall() noexcept {
  wanted_.store(Wanted::kNothing, std::memory_order_relaxed);
  tell_hijacked();
}

}  // namespace berth::serve
