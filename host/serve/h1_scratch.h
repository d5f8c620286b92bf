// What a worker thread keeps to serve HTTP/1: parsers and buffers, reused from request to request.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "http/head_parser.h"
#include "observe/counters.h"
#include "sched/worker.h"
#include "serve/exchange.h"
#include "serve/h1_transport.h"
#include "serve/options.h"

namespace berth::serve {

// Requests counted on this thread, added to the shared counters once a turn.
class Tally {
 public:
  void count(int status) noexcept {
    ++requests_;
    ++by_class_[static_cast<std::size_t>(observe::counter_of_status(status)) -
                static_cast<std::size_t>(observe::Counter::kResponses1xx)];
  }
  void flush(observe::Counters& counters) noexcept {
    if (requests_ == 0) return;
    counters.add(observe::Counter::kRequests, std::exchange(requests_, 0));
    auto counter = static_cast<std::size_t>(observe::Counter::kResponses1xx);
    for (std::uint32_t& count : by_class_) {
      if (count > 0) counters.add(static_cast<observe::Counter>(counter), std::exchange(count, 0));
      ++counter;
    }
  }

 private:
  std::uint32_t requests_ = 0;
  std::array<std::uint32_t, 5> by_class_{};
};

struct H1Scratch final : sched::Scratch {
  explicit H1Scratch(const Options& options) : parser(options.head) {}

  [[nodiscard]] static H1Scratch& of(sched::Worker& worker) noexcept {
    return static_cast<H1Scratch&>(worker.scratch());
  }

  Tally tally;
  http::HeadParser parser;
  H1Transport transport;
  Exchange exchange;
};

}  // namespace berth::serve
