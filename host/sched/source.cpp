#include "sched/source.h"

#include "sched/loop.h"

namespace berth::sched {

Turn Connection::on_event(Worker& worker, Readiness readiness) {
  if (closed_) return Turn::kKept;  // closed earlier in this batch
  const bool gone = readiness.has(Readiness::kPeerClosed | Readiness::kHangup | Readiness::kError);
  if (!claim(gone ? HoldWord::kNews | HoldWord::kGone : HoldWord::kNews)) return Turn::kKept;
  if (gone) peer_closed_ = true;
  return on_ready(worker, readiness);
}

void Connection::on_timer(Worker& worker) {
  if (closed_) return;
  if (held_.is_free()) {
    on_deadline(worker);
  } else {
    on_deadline_held();
  }
}

void Connection::give_back(bool attention) noexcept {
  if (!attention && held_.give_back()) return;
  loop_->post(*this);
}

}  // namespace berth::sched
