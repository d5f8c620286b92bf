#include "serve/accept_source.h"

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "http/date.h"
#include "net/plain_stream.h"
#include "sched/loop.h"
#include "sched/loops.h"
#include "serve/error_reply.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

// One accept an event, and one more for so many events of its batch, so that new connections keep
// up with requests. Not until there are none: an accept(2) in vain costs a tenth of a connection
// that ends with its first request, for the kernel makes a socket and a file before it looks.
constexpr std::size_t kEventsPerAccept = 16;

}  // namespace

base::Status<> AcceptSource::start() noexcept { return loop_.watch_listener(*this, listener_); }

void AcceptSource::stop() noexcept {
  if (stopped_) return;
  stopped_ = true;
  if (!paused_) loop_.unwatch(listener_);
  loop_.cancel(*this);
}

sched::Turn AcceptSource::on_event(sched::Worker& worker, sched::Readiness readiness) {
  (void)readiness;
  const std::size_t most = 1 + loop_.batch() / kEventsPerAccept;
  for (std::size_t i = 0; i < most && !stopped_; ++i) {
    auto [connection, more] = accept_one();
    if (connection && loop_.begin(worker, std::move(connection)) == sched::Turn::kLost) {
      return sched::Turn::kLost;
    }
    if (!more) break;
  }
  return sched::Turn::kKept;
}

void AcceptSource::accept_queued() {
  for (int i = 0; i < kMostQueued && !paused_; ++i) {
    auto [connection, more] = accept_one();
    if (connection) loop_.adopt(std::move(connection));
    if (!more) break;
  }
}

AcceptSource::Accepted AcceptSource::accept_one() {
  net::AcceptOutcome outcome = acceptor_.accept(listener_, loop_.now());
  const std::string reason =
      outcome.error == 0 ? std::string() : base::system_error(outcome.error, "accept").text;
  if (outcome.log) {
    service_.counters().add(observe::Counter::kAcceptErrors);
    service_.log().warn("cannot accept connections for now",
                        {{"listener", info_.name}, {"error", reason}});
  }
  switch (outcome.status) {
    case net::AcceptStatus::kAccepted:
      return {.connection = take(std::move(outcome))};
    case net::AcceptStatus::kShed:
      turn_away(outcome.descriptor);
      return {};
    case net::AcceptStatus::kNothing:
      return {.connection = nullptr, .more = false};
    case net::AcceptStatus::kPause:
      // EPOLLEXCLUSIVE cannot be modified: out of the set, and in again when the timer fires.
      loop_.unwatch(listener_);
      paused_ = true;
      loop_.schedule(*this, loop_.now() + outcome.pause);
      return {.connection = nullptr, .more = false};
    case net::AcceptStatus::kFailed:
      service_.log().error("a listener is lost", {{"listener", info_.name}, {"error", reason}});
      stop();
      return {.connection = nullptr, .more = false};
  }
  return {.connection = nullptr, .more = false};
}

void AcceptSource::on_timer(sched::Worker& worker) {
  (void)worker;
  if (stopped_ || !paused_) return;
  paused_ = false;
  if (!loop_.watch_listener(*this, listener_)) {
    paused_ = true;  // no memory in the kernel: later
    loop_.schedule(*this, loop_.now() + base::limits::kAcceptPauseMax);
  }
}

std::unique_ptr<H1Connection> AcceptSource::take(net::AcceptOutcome outcome) {
  sched::Loops& loops = loop_.loops();
  // Who asks for health is heard where clients have taken every place.
  const bool health = info_.root != nullptr;
  const std::size_t reserve = health ? base::limits::kHealthConnections : 0;
  if (loops.connections() >= service_.options().connections + reserve) {
    turn_away(outcome.descriptor);
    return nullptr;
  }
  service_.counters().add(observe::Counter::kConnectionsAccepted);
  auto stream = std::make_unique<net::PlainStream>(std::move(outcome.descriptor));
  auto connection =
      std::make_unique<H1Connection>(service_, info_, std::move(stream), outcome.peer);
  sched::Loop& home = health ? loop_ : loops.choose(loop_);
  if (&home == &loop_) return connection;
  home.post_new(std::move(connection));
  return nullptr;
}

void AcceptSource::turn_away(const base::Descriptor& descriptor) noexcept {
  service_.counters().add(observe::Counter::kConnectionsRefused);
  const auto second = std::chrono::floor<std::chrono::seconds>(service_.clock().wall());
  const auto date = http::format_date(second);
  base::Buffer reply;
  append_error_reply(reply, 503, "the server has too many connections", {date.data(), date.size()});
  (void)::send(descriptor.get(), reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)::shutdown(descriptor.get(), SHUT_WR);
}

}  // namespace berth::serve
