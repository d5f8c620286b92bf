// What a worker thread keeps to serve HTTP/1: parsers and buffers, reused from request to request.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "http/framing.h"
#include "http/head_parser.h"
#include "observe/counters.h"
#include "sched/worker.h"
#include "serve/exchange.h"
#include "serve/h1_transport.h"
#include "serve/options.h"
#include "serve/roots.h"

namespace berth::serve {

// Requests counted on this thread, added to the shared counters once a turn.
class Tally {
 public:
  void count(int status) noexcept {
    const auto place = static_cast<std::uint32_t>(observe::counter_of_status(status)) - kFirst;
    ++by_class_[place];
    classes_ |= 1U << place;
  }
  void flush(observe::Counters& counters) noexcept {
    std::uint32_t requests = 0;
    for (; classes_ != 0; classes_ &= classes_ - 1) {
      const auto place = static_cast<std::uint32_t>(std::countr_zero(classes_));
      const std::uint32_t count = std::exchange(by_class_[place], 0);
      counters.add(static_cast<observe::Counter>(kFirst + place), count);
      requests += count;
    }
    if (requests > 0) counters.add(observe::Counter::kRequests, requests);
  }

 private:
  static constexpr auto kFirst = static_cast<std::uint32_t>(observe::Counter::kResponses1xx);

  std::uint32_t classes_ = 0;  // a bit for each that was counted
  std::array<std::uint32_t, 5> by_class_{};
};

struct H1Scratch final : sched::Scratch {
  H1Scratch(const Options& options, Roots& roots) : slot(roots), parser(options.head) {}
  void rest() noexcept override { slot.rest(); }

  [[nodiscard]] static H1Scratch& of(sched::Worker& worker) noexcept {
    return static_cast<H1Scratch&>(worker.scratch());
  }

  RootSlot slot;
  Tally tally;
  http::HeadParser parser;
  http::HostMemo hosts;
  H1Transport transport;
  Exchange exchange;
};

}  // namespace berth::serve
