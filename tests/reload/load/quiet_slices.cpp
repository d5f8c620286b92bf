#include "reload/load/quiet_slices.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace berth::reload {

void QuietSlices::begin(const bench::Histogram& latencies, std::vector<bench::CoreTime> cores,
                        load::Clock::time_point now) {
  *this = QuietSlices(length_);
  before_ = latencies;
  cores_ = std::move(cores);
  since_ = now;
}

void QuietSlices::cut(const bench::Histogram& latencies, std::vector<bench::CoreTime> cores,
                      load::Clock::time_point now) {
  const std::chrono::duration<double> time = now - since_;
  double steal = 0;
  for (std::size_t i = 0; i < std::min(cores.size(), cores_.size()); ++i) {
    steal = std::max(steal, cores[i].steal_seconds - cores_[i].steal_seconds);
  }
  ++slices_;
  const bool quiet = steal <= kMostSteal * time.count();
  // What waited at the end of a noisy one is answered in the next.
  if (quiet && was_quiet_) {
    ++counted_;
    counted_latencies_.add(latencies, before_);
  }
  was_quiet_ = quiet;
  before_ = latencies;
  cores_ = std::move(cores);
  since_ = now;
}

}  // namespace berth::reload
