// The kinds of requests that go on while a server reloads: what is sent, how its answer is judged,
// and what came of all of one kind. It sends nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/histogram.h"
#include "load/answer.h"
#include "load/around.h"

namespace berth::reload {

using load::Answer;
using load::Clock;

// Whose answer it is: kWrong, kAny, or the number of a release.
using Judge = std::function<int(const Answer&)>;
inline constexpr int kWrong = 0;
inline constexpr int kAny = -1;

struct Kind {
  std::string name = {};
  std::size_t clients = 1;
  std::vector<std::string> pieces = {};  // of one request, or of several that are pipelined
  Judge judge = {};
  Clock::duration between{};  // two pieces
  Clock::duration pause{};    // from an answer to the next request
  std::size_t answers = 1;    // to what is sent
  bool close = false;         // a connection for each request
  bool until_reload = false;  // answered by a reload alone: given up at the end
  std::uint64_t rate = 0;     // if not 0: an open loop of so many a second, of all clients

  // Since the last reset(), but for failures.
  void reset() noexcept {
    completed = 0;
    latencies = {};
  }
  void fail(std::string text);
  std::uint64_t completed = 0;
  std::uint64_t failed = 0;                // never reset
  std::vector<std::string> failures = {};  // texts of the first of them
  bench::Histogram latencies = {};
};

// What is asked all the time: keep-alive connections, new ones, uploads, streamed downloads.
[[nodiscard]] std::vector<Kind> usual_kinds(std::size_t keep_alive_clients);
// Those that take every other way through the server: pipelined, blocking, queued, held, too late.
[[nodiscard]] std::vector<Kind> further_kinds();

// The release whose number `text` begins with, "release 1...", which is removed; kWrong: none.
[[nodiscard]] int take_release(std::string_view& text) noexcept;

}  // namespace berth::reload
