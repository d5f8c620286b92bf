// The part of H1Connection that reads, routes and serves requests in its loop's turn.
#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "sched/loop.h"
#include "sched/pool.h"
#include "sched/worker.h"
#include "serve/error_reply.h"
#include "serve/h1_connection.h"
#include "serve/h1_input.h"
#include "serve/h1_scratch.h"
#include "serve/h1_steps.h"
#include "serve/root.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

namespace limits = base::limits;

// Pipelined requests served before other connections get their turn.
constexpr unsigned kRequestsPerTurn = 32;

}  // namespace

void H1Connection::log_access(H1Scratch& scratch) noexcept {
  observe::AccessLog* const log = service_.access_log();
  if (log == nullptr || !scratch.exchange.request().route().logged) return;
  Request& request = scratch.exchange.request();
  const ResponseWriter& response = scratch.exchange.response();
  const base::Duration took = service_.clock().now() - scratch.transport.began();
  std::array<char, net::RawAddress::kMaxText> address;
  log->write({
      .remote_address = request.remote().host(address),
      .method = request.method(),
      .target = request.target(),
      .protocol = request.protocol(),
      .status = response.status(),
      .bytes = request.method() == "HEAD" ? 0 : response.body_bytes(),
      .duration = took,
      .referer = request.field("Referer").value_or(std::string_view()),
      .user_agent = request.field("User-Agent").value_or(std::string_view()),
      .route = request.route().pattern,
      .request_id = response.field("X-Request-Id").value_or(std::string_view()),
      .time = service_.clock().wall() - std::chrono::duration_cast<std::chrono::microseconds>(took),
  });
}

H1Connection::Served H1Connection::refuse(sched::Worker& worker, int status, std::string_view text,
                                          bool head_request, bool logged) {
  H1Scratch& scratch = H1Scratch::of(worker);
  const std::string_view date = scratch.transport.dates.at(loop().now(), service_.clock());
  append_error_reply(scratch.transport.output.bytes(), status, text, date, head_request);
  scratch.tally.count(status);
  if (observe::AccessLog* const log = service_.access_log(); log != nullptr && logged) {
    // What was asked is not known for sure, so it is not told.
    std::array<char, net::RawAddress::kMaxText> address;
    log->write({.remote_address = remote().host(address),
                .status = status,
                .time = service_.clock().wall()});
  }
  if (status < 500) service_.counters().add(observe::Counter::kBadRequests);
  after_ =
      After::kLinger;  // the client may still be sending: it shall read its answer (RFC 9112 s9.6)
  return Served::kLast;
}

[[gnu::always_inline]] inline void H1Connection::arm(H1Scratch& scratch, base::TimePoint now,
                                                     bool replies_unsent) noexcept {
  const Route& route = scratch.exchange.request().route();
  route_ = &route;
  root_ = listener_.root == nullptr ? &scratch.slot.root() : nullptr;
  timeout_ = route.timeout;
  since_.store(now, std::memory_order_relaxed);
  wanted_.store(Wanted::kAnswer, std::memory_order_relaxed);
  head_request_ = scratch.parser.head().method == "HEAD";
  replies_unsent_ = replies_unsent;
  const bool unlimited = route.timeout == base::Duration::zero();
  const base::TimePoint deadline = unlimited ? base::TimePoint::max() : now + route.timeout;
  handler_deadline_.store(deadline, std::memory_order_relaxed);
  commit_.open();
  if (unlimited) return;
  // No later than idleness is noticed: given back without news, nobody sets the timer anew.
  loop().schedule(*this, std::min(deadline, now + service_.options().idle_timeout));
}

[[gnu::always_inline]] inline H1Connection::Served H1Connection::serve_inline(
    sched::Worker& worker, H1Input& input, const http::Framing& framing) {
  H1Scratch& scratch = H1Scratch::of(worker);
  const std::size_t body_at = input.position + scratch.parser.head_size();
  const std::size_t behind = input.size - body_at;
  const auto here = static_cast<std::size_t>(std::min<std::uint64_t>(behind, framing.length));
  arm(scratch, loop().now(), !scratch.transport.output.bytes().empty());
  begin_transport(worker, framing, input.buffer.subspan(body_at), behind, loop().now());
  if (backlog_) backlog_->due.reset();

  // From here on the loop may be given to another thread; this one keeps the connection.
  hold(!input.drained || input.end);
  const bool kept = call_handler(worker, scratch);
  if (scratch.transport.hijacked()) [[unlikely]] {
    scratch.transport.service().counters().add(observe::Counter::kHijackersReturned);
    scratch.slot.end_hijack();
    return Served::kHijacked;
  }

  input.position = body_at + here;
  const bool unread_body = framing.body == http::Framing::Body::kChunked || framing.length > here;
  // Who said that it ignores the body, and read of it after all, has left nobody knows what.
  discard_ = scratch.transport.body.touched() ? 0 : framing.length - here;
  settle(scratch, unread_body, !input.drained || !kept);
  if (!kept) return Served::kLost;
  unhold();
  // What is left of a file has to go first.
  const bool next = after_ == After::kRead && discard_ == 0 && !scratch.transport.output.has_file();
  return next ? Served::kNext : Served::kLast;
}

H1Connection::Served H1Connection::hand_over(sched::Worker& worker, H1Input& input,
                                             sched::JobKind kind) {
  H1Scratch& scratch = H1Scratch::of(worker);
  // Earlier replies first: what the job writes comes behind them.
  if (!scratch.transport.output.try_send() || !scratch.transport.output.empty()) {
    input.need = scratch.parser.head_size();
    scratch.parser.reset();
    return Served::kBlocked;
  }
  const bool head_request = scratch.parser.head().method == "HEAD";
  if (!keep_input(input.unread())) {
    backlog_->input = std::string();
    return refuse(worker, 503, "the server is busy", head_request,
                  scratch.exchange.request().route().logged);
  }
  backlog_->due.reset();
  scratch.tally.flush(service_.counters());
  arm(scratch, loop().now(), false);
  prompt_ = kind == sched::JobKind::kForWork && loop().now() < last_held_ + limits::kStay;
  Service& service = service_;
  hold_root();
  waits_.store(true, std::memory_order_relaxed);
  hold(!input.drained || input.end);
  const Route& route = scratch.exchange.request().route();
  const sched::Submitted submitted = worker.pool().submit(*this, kind, &route.learning);
  if (submitted != sched::Submitted::kRefused) {
    // The connection is no longer this thread's, the service is, and so is the route.
    if (submitted == sched::Submitted::kWaits) service.on_wait(route);
    if (kind == sched::JobKind::kForWork) service.counters().add(observe::Counter::kOffloads);
    return Served::kHandedOver;
  }
  unhold();
  waits_.store(false, std::memory_order_relaxed);
  release_root();
  backlog_->input.clear();
  service_.counters().add(observe::Counter::kQueueRefused);
  return refuse(worker, 503, "the server is busy", head_request, route.logged);
}

[[gnu::always_inline]] inline H1Connection::Served H1Connection::serve_one(sched::Worker& worker,
                                                                           H1Input& input) {
  H1Scratch& scratch = H1Scratch::of(worker);
  switch (scratch.parser.parse(input.unread(), input.buffer.size() - input.position)) {
    case http::HeadParser::Progress::kIncomplete:
      return Served::kMore;
    case http::HeadParser::Progress::kError:
      return refuse(worker, http::status_of(scratch.parser.error()),
                    http::text_of(scratch.parser.error()));
    case http::HeadParser::Progress::kComplete:
      break;
  }
  const base::TimePoint now = loop().now();
  const bool head_request = scratch.parser.head().method == "HEAD";
  const auto framing = begin_exchange(scratch, pin_root(scratch));
  if (!framing) {
    return refuse(worker, http::status_of(framing.error()), http::text_of(framing.error()),
                  head_request);
  }
  const Route& route = scratch.exchange.request().route();
  if (framing->length > route.max_body) {
    return refuse(worker, 413, "the body is larger than this route takes", head_request,
                  route.logged);
  }
  const std::size_t head_bytes = scratch.parser.head_size();
  const std::size_t behind = input.size - input.position - head_bytes;
  const bool chunked = framing->body == http::Framing::Body::kChunked;
  if (route.ignores_body) return serve_inline(worker, input, *framing);
  if (!chunked && behind >= framing->length) {
    if (worker.may_serve_inline(route.learning)) [[likely]]
      return serve_inline(worker, input, *framing);
    return hand_over(worker, input, sched::JobKind::kForWork);
  }
  if (!chunked && framing->length <= limits::kReadAhead && !framing->expect_continue) {
    input.need = head_bytes + static_cast<std::size_t>(framing->length);
    scratch.parser.reset();  // it is parsed anew when all is here
    const auto seconds = framing->length / std::max<std::uint64_t>(service_.options().body_rate, 1);
    backlog().due = now + service_.options().body_grace + std::chrono::seconds(seconds);
    return Served::kMore;
  }
  return hand_over(worker, input, sched::JobKind::kForClient);
}

[[gnu::always_inline]] inline H1Connection::Served H1Connection::serve_all(sched::Worker& worker,
                                                                           H1Input& input) {
  for (unsigned requests = 0; input.position < input.size; ++requests) {
    if (input.size - input.position < input.need) break;
    if (requests == kRequestsPerTurn) return Served::kNext;
    input.need = 0;
    const Served served = serve_one(worker, input);
    if (served != Served::kNext) return served;
  }
  return Served::kMore;
}

[[gnu::always_inline]] inline void H1Connection::end_turn(sched::Worker& worker, H1Input& input,
                                                          bool partial) {
  H1Scratch& scratch = H1Scratch::of(worker);
  scratch.tally.flush(service_.counters());
  H1Output& output = scratch.transport.output;
  if (!output.try_send()) {
    close();
    return;
  }
  // With a part of a file left it is not `partial`.
  if (partial && input.drained && !input.end && input.position == input.size &&
      output.bytes().empty() && !backlog_ && after_ == After::kRead && !service_.draining()) {
    set_timer(service_.options().idle_timeout);  // the common end, without looking at the rest
    return;
  }
  end_turn_with_rest(worker, input, partial);
  note_half(half_done());
}

sched::Turn H1Connection::read_requests(sched::Worker& worker) {
  H1Scratch& scratch = H1Scratch::of(worker);
  H1Input input;
  restore_input(worker, input);
  if (!armed()) set_timer(service_.options().idle_timeout);
  scratch.transport.output.begin(worker, service_, *stream_);
  for (;;) {
    if (input.size < input.buffer.size()) {
      const std::span<char> room = input.buffer.subspan(input.size);
      const net::IoResult result = stream_->read(room);
      switch (result.kind) {
        case net::IoResult::Kind::kBytes:
          input.size += result.bytes;
          // With a FIN behind the bytes there is no further edge: read on until it shows.
          input.drained = result.bytes < room.size() && !peer_closed();
          if (fresh_) [[unlikely]]
            note_begun();
          break;
        case net::IoResult::Kind::kWouldBlock:
          input.drained = true;
          break;
        case net::IoResult::Kind::kEnd:
          input.end = input.drained = true;
          break;
        case net::IoResult::Kind::kError:
          scratch.tally.flush(service_.counters());
          close();
          return sched::Turn::kKept;
      }
    }
    const Served served = serve_all(worker, input);
    if (served == Served::kHandedOver) return sched::Turn::kKept;
    if (served == Served::kHijacked) return sched::Turn::kLost;
    if (served == Served::kLost) {
      end_held_turn(scratch, input.unread());
      return sched::Turn::kLost;
    }
    if (served != Served::kMore || input.drained) {
      end_turn(worker, input, served == Served::kMore);
      return sched::Turn::kKept;
    }
    input.compact();
    if (input.size == input.buffer.size()) {  // options.head allows more than the buffer holds
      (void)refuse(worker, 431, "request header too large");
      end_turn(worker, input, false);
      return sched::Turn::kKept;
    }
    // More lies in the socket. Not before the client has taken what it has asked for.
    if (!scratch.transport.output.try_send() || !scratch.transport.output.empty()) {
      end_turn(worker, input, true);
      return sched::Turn::kKept;
    }
  }
}

}  // namespace berth::serve
