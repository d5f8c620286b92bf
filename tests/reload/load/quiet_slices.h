// Tells the latencies of the time in which the machine left the cores to the run: what its
// hypervisor takes away every request waits for, and it says nothing of the server.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/histogram.h"
#include "load/around.h"

namespace berth::reload {

class QuietSlices {
 public:
  // A slice counts if it took at most this share of its time of any one core, and of the slice
  // before. A slice is to be much longer than the clock tick by which the system counts (10 ms).
  static constexpr double kMostSteal = 0.05;

  explicit QuietSlices(load::Clock::duration length) noexcept : length_(length) {}

  // The first one; none has been.
  void begin(const bench::Histogram& latencies, std::vector<bench::CoreTime> cores,
             load::Clock::time_point now);
  // Whether the one under way is over.
  [[nodiscard]] bool is_over(load::Clock::time_point now) const noexcept {
    return now - since_ >= length_;
  }
  // Ends it, and begins the next. latencies: those since the beginning.
  void cut(const bench::Histogram& latencies, std::vector<bench::CoreTime> cores,
           load::Clock::time_point now);

  [[nodiscard]] std::size_t slices() const noexcept { return slices_; }
  [[nodiscard]] std::size_t counted() const noexcept { return counted_; }
  // Of those that count.
  [[nodiscard]] const bench::Histogram& latencies() const noexcept { return counted_latencies_; }

 private:
  load::Clock::duration length_;
  load::Clock::time_point since_;
  std::vector<bench::CoreTime> cores_;
  bench::Histogram before_;
  bench::Histogram counted_latencies_;
  bool was_quiet_ = true;
  std::size_t slices_ = 0;
  std::size_t counted_ = 0;
};

}  // namespace berth::reload
