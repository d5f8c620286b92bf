// When each of the connections that end with a server is let go of: not all in the same moment, or
// all of their clients would come back in the same moment. It closes nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace berth::serve {

// A drain of so long a time has two windows. In the first, at its beginning, connections are told
// to end, or closed where nobody needs to be told; in the second, before its end, those that have
// stayed are cut. Each is as long as kPartingsPerSecond makes it, half and a quarter of the time at
// most; below kShortest there is none, so that few connections wait for nothing.
//
//   begin |goodbye........|            |.....cut| end
//
// Within a window every connection has a place of its own, the n-th at n times the golden ratio,
// modulo 1: however many come, they are spread evenly. Any thread after open().
class Partings {
 public:
  static constexpr base::Duration kShortest = std::chrono::milliseconds(100);

  Partings() = default;
  Partings(const Partings&) = delete;
  Partings& operator=(const Partings&) = delete;
  ~Partings() = default;

  // Once, before anybody hears of the drain. time: until everything is cut; zero: nobody knows, and
  // nothing is spread.
  void open(std::uint64_t connections, base::TimePoint now, base::Duration time) noexcept;

  // From now until the next connection is told, or closed; zero: at once.
  [[nodiscard]] base::Duration next_goodbye() noexcept;
  // When the next one is cut; TimePoint::max(): with all others, by whoever ends the drain.
  [[nodiscard]] base::TimePoint next_cut() noexcept;

 private:
  base::Duration goodbye_{};
  base::Duration cut_{};
  base::TimePoint end_ = base::TimePoint::max();
  // Relaxed: places in a row, and nothing is ordered by them.
  std::atomic<std::uint32_t> goodbyes_{0};
  std::atomic<std::uint32_t> cuts_{0};
};

// The same for who asks again and again: of so many connections, how many are to be told by now of
// a drain of `time` that began `passed` ago. UINT64_MAX: all, and those that come.
[[nodiscard]] std::uint64_t partings_due(std::uint64_t connections, base::Duration passed,
                                         base::Duration time) noexcept;

}  // namespace berth::serve
