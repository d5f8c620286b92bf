#include "supervise/backoff.h"

#include <algorithm>

namespace berth::supervise {

base::Duration Backoff::next(base::Duration lived) noexcept {
  if (lived >= options_.reset) {
    wait_ = {};
  } else if (ended_before_ && lived < options_.quick) {
    wait_ = wait_ == base::Duration::zero() ? options_.first : std::min(wait_ * 2, options_.most);
  }
  ended_before_ = true;
  return wait_;
}

}  // namespace berth::supervise
