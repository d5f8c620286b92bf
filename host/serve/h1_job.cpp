// The part of H1Connection that runs on a thread of its own: requests whose bodies are still to
// come or whose routes block.
#include <cassert>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/limits.h"
#include "net/wait.h"
#include "sched/loop.h"
#include "sched/pool.h"
#include "sched/worker.h"
#include "serve/h1_connection.h"
#include "serve/h1_input.h"
#include "serve/h1_scratch.h"
#include "serve/h1_steps.h"
#include "serve/root.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

namespace limits = base::limits;

}  // namespace

void H1Connection::run(sched::Worker& worker) noexcept {
  H1Scratch& scratch = H1Scratch::of(worker);
  H1Input input;
  waits_.store(false, std::memory_order_relaxed);
  // It keeps the root it was judged by, whatever is present by now.
  if (root_ != nullptr) scratch.slot.adopt(*root_);
  release_root();
  backlog_->parser.reset();
  restore_input(worker, input);
  scratch.transport.output.begin(worker, service_, *stream_);
  // The same bytes that were judged before: they parse again, into views of this thread's buffer.
  const auto progress = scratch.parser.parse(input.unread());
  assert(progress == http::HeadParser::Progress::kComplete);
  (void)progress;
  const auto judged =
      begin_exchange(scratch, root_ != nullptr ? root_->handler() : *listener_.root);
  assert(judged.ok());
  std::optional<http::Framing> framing = *judged;
  bool alone = false;
  while (serve_held(worker, scratch, input, *framing)) {
    if (may_stay(worker, scratch, input)) {
      // What it waits for itself need not wake the loop.
      if (!std::exchange(alone, true)) loop().ignore_input(*this);
      if ((framing = await_next(worker, scratch, input))) continue;
    }
    if (alone) loop().heed_input(*this);
    end_held_turn(scratch, input.unread());
    return;
  }
}

bool H1Connection::serve_held(sched::Worker& worker, H1Scratch& scratch, H1Input& input,
                              const http::Framing& framing) noexcept {
  H1Transport& transport = scratch.transport;
  const std::size_t body_at = input.position + scratch.parser.head_size();
  begin_transport(worker, framing, input.buffer.subspan(body_at), input.size - body_at,
                  service_.clock().now());
  if (commit_.over()) {
    scratch.exchange.skip();  // it waited for a thread for too long, and was answered
  } else {
    (void)call_handler(worker, scratch);
  }
  if (transport.hijacked()) {
    transport.service().counters().add(observe::Counter::kHijackersReturned);
    scratch.slot.end_hijack();
    return false;
  }

  // A short call gains nothing by it: the loop serves several such in a batch.
  prompt_ = prompt_ && service_.clock().now() - transport.began() >= limits::kStay;
  bool unread_body = !transport.body.at_end();
  discard_ = 0;
  if (unread_body && transport.keep_alive() && !transport.aborted() &&
      transport.output.try_send() && transport.output.empty()) {
    unread_body = !transport.body.drain(service_.options().unread_body_bytes);
  }
  settle(scratch, unread_body, true);
  input.size = input.position = 0;
  if (!transport.body.at_end()) return true;
  const std::string_view rest = transport.body.rest();
  input.size = rest.size();
  if (!rest.empty()) std::memmove(input.buffer.data(), rest.data(), rest.size());
  return true;
}

bool H1Connection::may_stay(sched::Worker& worker, H1Scratch& scratch,
                            const H1Input& input) noexcept {
  // A thread that waits here must not be missing elsewhere, nor its right to wait for clients.
  if (!prompt_ || after_ != After::kRead || input.size > 0 || service_.draining() ||
      worker.waits() || !worker.pool().has_time() || !scratch.transport.output.try_send() ||
      !scratch.transport.output.empty()) {
    return false;
  }
  // What it reads must find room when it is the loop's after all.
  backlog_->input.reserve(limits::kStayInput);
  if (account()) return true;
  backlog_->input = std::string();
  return false;
}

std::optional<http::Framing> H1Connection::await_next(sched::Worker& worker, H1Scratch& scratch,
                                                      H1Input& input) noexcept {
  scratch.tally.flush(service_.counters());
  worker.forget_usage();  // it sleeps, and no route is to be blamed for that
  const base::TimePoint deadline = service_.clock().now() + limits::kStay;
  if (net::wait_readable(stream_->fd(), deadline) != net::WaitResult::kReady) return std::nullopt;
  const net::IoResult result = stream_->read(input.buffer.first(limits::kStayInput));
  if (!result.ok()) return std::nullopt;  // the loop will see it too
  input.size = result.bytes;
  scratch.parser.reset();
  if (scratch.parser.parse(input.unread(), input.buffer.size()) !=
      http::HeadParser::Progress::kComplete) {
    return std::nullopt;
  }
  const auto framing = begin_exchange(scratch, pin_root(scratch));
  if (!framing) return std::nullopt;
  const Route& route = scratch.exchange.request().route();
  // The same as before: only so the timer that the driver has set is not too late.
  const bool same = &route == route_ && head_request_ == (scratch.parser.head().method == "HEAD");
  const bool whole = framing->body != http::Framing::Body::kChunked &&
                     input.size - scratch.parser.head_size() >= framing->length;
  if (!same || !whole || !route.learning.offloaded() || framing->length > route.max_body) {
    return std::nullopt;
  }
  if (route.timeout != base::Duration::zero()) {
    handler_deadline_.store(service_.clock().now() + route.timeout, std::memory_order_relaxed);
  }
  since_.store(service_.clock().now(), std::memory_order_relaxed);
  Wanted stream = Wanted::kEventStream;  // of the exchange before
  (void)wanted_.compare_exchange_strong(stream, Wanted::kAnswer, std::memory_order_relaxed);
  commit_.open();
  service_.counters().add(observe::Counter::kOffloads);
  service_.counters().add(observe::Counter::kStays);
  return *framing;
}

void H1Connection::reject(sched::Worker& worker) noexcept {
  H1Scratch& scratch = H1Scratch::of(worker);
  scratch.transport.output.begin(worker, service_, *stream_);
  waits_.store(false, std::memory_order_relaxed);
  if (commit_.commit_whole()) {
    service_.counters().add(observe::Counter::kQueueTimeouts);
    (void)refuse(worker, 503, "the server is busy", head_request_, route_->logged);
  } else {
    scratch.tally.count(503);  // its deadline came first, and has answered
    after_ = After::kLinger;
  }
  release_root();
  backlog_->parser.reset();
  backlog_->input.clear();
  end_held_turn(scratch, {});
}

}  // namespace berth::serve
