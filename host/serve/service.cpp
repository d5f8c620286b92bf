#include "serve/service.h"

#include <array>
#include <chrono>

#include "serve/h1_scratch.h"

namespace berth::serve {

namespace {

// Between two log lines that say the same about a lack that lasts.
constexpr base::Duration kTellAgain = std::chrono::minutes(1);

}  // namespace

bool Service::reserve_buffered(std::uint64_t bytes) noexcept {
  const std::uint64_t before = buffered_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes <= options_.buffered_bytes) return true;
  buffered_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

bool Service::may_tell(std::atomic<base::Duration::rep>& told_at_ns) const noexcept {
  const base::Duration::rep now = clock_.now().time_since_epoch().count();
  base::Duration::rep told = told_at_ns.load(std::memory_order_relaxed);
  if (told != 0 && now - told < kTellAgain.count()) return false;
  return told_at_ns.compare_exchange_strong(told, now, std::memory_order_relaxed);
}

void Service::on_learnt(const Route& route, sched::Learning::Change change) noexcept {
  const bool offloaded = change == sched::Learning::Change::kOffloaded;
  counters_.add(offloaded ? observe::Counter::kRoutesOffloaded : observe::Counter::kRoutesReturned);
  // A route at the border comes and goes: the first time is news, the others are details.
  const bool news = route.learning.times_offloaded() <= 1;
  const auto level = news ? observe::Level::kInfo : observe::Level::kDebug;
  if (!log_.enabled(level)) return;
  const observe::Field fields[] = {{"route", route.pattern},
                                   {"blocks_seconds", route.learning.average()}};
  log_.write(level,
             offloaded ? "a route blocks: its requests get threads of their own"
                       : "a route blocks no more: its requests are served by the loops again",
             fields);
}

void Service::on_wait(const Route& route) noexcept {
  sched::Share* const share = route.learning.share().get();
  if (share == nullptr || !may_tell(share->told_at_ns())) return;
  log_.warn("calls of a plugin keep all threads that it may have: its other requests wait",
            {{"plugin", share->whose()}, {"threads", share->threads()}, {"route", route.pattern}});
}

void Service::on_notice(sched::Notice notice) noexcept {
  switch (notice) {
    case sched::Notice::kLoopTaken:
      counters_.add(observe::Counter::kLoopsTaken);
      return;
    case sched::Notice::kLoopReleased:
      counters_.add(observe::Counter::kLoopsReleased);
      return;
    case sched::Notice::kSpareMissing:
      break;
  }
  counters_.add(observe::Counter::kSparesMissing);
  if (!may_tell(told_missing_at_ns_)) return;
  log_.warn(
      "a handler blocks its loop and no thread is left to take the loop over: raise "
      "limits.threads");
}

void Service::on_proxy_header_refused(std::string_view listener, const net::RawAddress& peer,
                                      net::ProxyHeaderError why) noexcept {
  counters_.add(observe::Counter::kProxyHeadersRefused);
  // Who connects can cause it as often as they like: the first time is news.
  const auto level = may_tell(told_refused_at_ns_) ? observe::Level::kWarn : observe::Level::kDebug;
  if (!log_.enabled(level)) return;
  std::array<char, net::RawAddress::kMaxText> text;
  const observe::Field fields[] = {
      {"listener", listener}, {"peer", peer.text(text)}, {"error", net::text_of(why)}};
  log_.write(level, "a connection is closed: it has to begin with a PROXY header", fields);
}

std::unique_ptr<sched::Scratch> Service::make_scratch() {
  return std::make_unique<H1Scratch>(options_, roots_);
}

}  // namespace berth::serve
