#include "sched/source.h"

#include "sched/loop.h"

namespace berth::sched {

bool Connection::claim(std::uint32_t news) noexcept {
  if (state_.load(std::memory_order_acquire) == 0) return true;
  const std::uint32_t before = state_.fetch_or(news, std::memory_order_acq_rel);
  if ((before & kHeld) != 0) return false;  // the holder posts it when it gives it back
  unhold();                                 // it came back between the two looks
  return true;
}

Turn Connection::on_event(Worker& worker, Readiness readiness) {
  if (closed_) return Turn::kKept;  // closed earlier in this batch
  const bool gone = readiness.has(Readiness::kPeerClosed | Readiness::kHangup | Readiness::kError);
  if (!claim(gone ? kNews | kGone : kNews)) return Turn::kKept;
  if (gone) peer_closed_ = true;
  return on_ready(worker, readiness);
}

void Connection::on_timer(Worker& worker) {
  if (closed_) return;
  if (state_.load(std::memory_order_acquire) == 0) {
    on_deadline(worker);
  } else {
    on_deadline_held();
  }
}

void Connection::give_back(bool attention) noexcept {
  std::uint32_t expected = kHeld;
  if (!attention && state_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                                   std::memory_order_relaxed)) {
    return;
  }
  loop_->post(*this);
}

}  // namespace berth::sched
