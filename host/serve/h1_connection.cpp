#include "serve/h1_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include "base/limits.h"
#include "sched/loop.h"
#include "sched/pool.h"
#include "sched/worker.h"
#include "serve/date_cache.h"
#include "serve/error_reply.h"
#include "serve/h1_ends.h"
#include "serve/h1_input.h"
#include "serve/h1_scratch.h"
#include "serve/root.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

namespace limits = base::limits;

}  // namespace

H1Connection::H1Connection(Service& service, const ListenerInfo& listener,
                           std::unique_ptr<net::Stream> stream,
                           const net::PeerAddress& peer) noexcept
    : service_(service),
      listener_(listener),
      stream_(std::move(stream)),
      peer_(peer),
      awaits_header_(listener.proxy_protocol.has_value()) {}

H1Connection::~H1Connection() {
  if (accounted_ > 0) service_.release_buffered(accounted_);
  note_half(false);
  if (fresh_) service_.counters().add(observe::Counter::kConnectionsNeverBegun);
  service_.counters().add(observe::Counter::kConnectionsClosed);
}

void H1Connection::note_half(bool half) noexcept {
  if (half == half_) return;
  half_ = half;
  using observe::Counter;
  service_.counters().add(half ? Counter::kHalvesKept : Counter::kHalvesTakenUp);
}

void H1Connection::note_begun() noexcept {
  fresh_ = false;
  service_.counters().add(observe::Counter::kConnectionsBegun);
}

std::optional<std::string_view> H1Connection::value(ValueScope scope, std::string_view name) {
  if (scope == ValueScope::kListener) return listener_.values.find(name);
  return ends_ ? ends_->values.find(name) : std::nullopt;
}

IoStatus H1Connection::set_value(ValueScope scope, std::string_view name, std::string_view value) {
  if (scope == ValueScope::kListener) return base::fail(IoError::kState);
  return ends().values.set(name, value);
}

ConnectionStates H1Connection::connection_states() const { return service_.connection_states(); }

void H1Connection::close() noexcept {
  loop().close(*this);
  if (after_ == After::kReset || (backlog_ && backlog_->sending())) {
    // Bytes that end by closing have no other way to show that they were cut (RFC 9112 s8).
    const linger reset{.l_onoff = 1, .l_linger = 0};
    (void)::setsockopt(stream_->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  stream_->close();
}

H1Backlog& H1Connection::backlog() {
  if (!backlog_) backlog_ = std::make_unique<H1Backlog>();
  return *backlog_;
}

// --- events
// ---------------------------------------------------------------------------------------------

sched::Turn H1Connection::on_ready(sched::Worker& worker, sched::Readiness readiness) {
  using sched::Readiness;
  if (readiness.has(Readiness::kError)) {
    close();
    return sched::Turn::kKept;
  }
  const bool sending = backlog_ && backlog_->sending();
  if (!sending &&
      !readiness.has(Readiness::kReadable | Readiness::kPeerClosed | Readiness::kHangup)) {
    // Only "writable", as every new connection says first.
    if (!armed()) set_timer(service_.options().idle_timeout);
    return sched::Turn::kKept;
  }
  if (!backlog_ && after_ == After::kRead && discard_ == 0) [[likely]]
    return read_requests(worker);
  return advance(worker);
}

sched::Turn H1Connection::on_adopted(sched::Worker& worker) {
  return awaits_header_ ? read_proxy_header(worker) : read_requests(worker);
}

sched::Turn H1Connection::on_return(sched::Worker& worker) {
  // What it comes back with is due from now on, whatever the timer was set for before.
  if (backlog_ && backlog_->sending()) set_timer(service_.options().write_stall);
  return advance(worker);
}

void H1Connection::on_deadline(sched::Worker& worker) {
  (void)worker;
  const base::TimePoint idle_until = last_held_ + service_.options().idle_timeout;
  const bool idle = !backlog_ && after_ == After::kRead && discard_ == 0;
  if (idle && !service_.draining() && loop().now() < idle_until) {
    loop().schedule(*this, idle_until);  // it came back from a thread of its own in the meantime
    return;
  }
  // In time perhaps, but the process was stopped, or its loops were late.
  const bool sending = backlog_ && backlog_->sending();
  const bool reading = !sending && after_ == After::kRead && discard_ == 0;
  if ((sending && has_now(POLLOUT)) || (reading && has_now(POLLIN))) {
    loop().requeue(*this);
    return;
  }
  close();  // without a reply: Go, and a 408 would only help the attacker (go-net-http.md G55)
}

bool H1Connection::has_now(short event) const noexcept {
  pollfd socket{.fd = stream_->fd(), .events = event, .revents = 0};
  // A client that is gone has nothing more.
  return ::poll(&socket, 1, 0) > 0 && socket.revents == event;
}

void H1Connection::on_deadline_held() noexcept {
  // The exchange first: then the deadline is its own, or that of a later one.
  const CommitWord::Exchange exchange = commit_.current();
  const base::TimePoint deadline = handler_deadline_.load(std::memory_order_relaxed);
  // No later than idleness is noticed, as in arm(): from the return on last_held_ counts.
  base::TimePoint next = loop().now() + service_.options().idle_timeout;
  if (deadline != base::TimePoint::max()) {
    if (loop().now() < deadline) {
      next = std::min(next, deadline);
    } else {
      time_out(exchange);
      // A thread that stays may begin another exchange at once.
      if (!commit_.hijacked()) next = std::min(next, loop().now() + timeout_);
    }
  }
  loop().schedule(*this, std::min(next, go_on_parting()));
}

void H1Connection::abandon() noexcept {
  const bool sealed = commit_.seal(commit_.current());
  using observe::Counter;
  if (sealed && answer_instead(500, "the handler failed")) {
    service_.counters().add(Counter::kRequests);
    service_.counters().add(Counter::kResponses5xx);
  } else {
    stream_->cut();
  }
}

void H1Connection::time_out(CommitWord::Exchange exchange) noexcept {
  const bool sealed = commit_.seal(exchange);
  if (!sealed && !commit_.cut(exchange)) return;  // it is done, or hijacked
  service_.counters().add(observe::Counter::kHandlerTimeouts);
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(route_->timeout);
  service_.log().warn("the handler did not answer in time",
                      {{"route", route_->pattern}, {"timeout_ms", timeout.count()}});
  if (!sealed || !answer_instead(503, "the handler did not answer in time")) stream_->cut();
}

// The holder writes nothing any more, and the stream may be written while it reads.
bool H1Connection::answer_instead(int status, std::string_view text) noexcept {
  if (replies_unsent_) return false;
  try {
    base::Buffer reply;
    DateCache date;
    append_error_reply(reply, status, text, date.at(service_.clock().now(), service_.clock()),
                       head_request_);
    const net::IoResult sent = stream_->write(reply.view());
    if (!sent.ok() || sent.bytes != reply.size()) return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  stream_->shutdown_write();
  return true;
}

bool H1Connection::is_unwanted() const noexcept {
  if (wanted_.load(std::memory_order_relaxed) == Wanted::kNothing) return true;
  if (!gone()) return false;
  if (!route_->ignores_half_close) return true;
  pollfd socket{.fd = stream_->fd(), .events = 0, .revents = 0};
  return ::poll(&socket, 1, 0) > 0;  // POLLERR or POLLHUP
}

std::optional<Use> H1Connection::use() const noexcept {
  if (!is_held() || root_ == nullptr) return std::nullopt;
  Use::Kind kind = Use::Kind::kRequest;
  if (commit_.hijacked()) {
    kind = Use::Kind::kHijacked;
  } else if (waits_.load(std::memory_order_relaxed)) {
    kind = Use::Kind::kQueued;
  }
  return Use{.kind = kind,
             .root = root_,
             .route = route_,
             .since = since_.load(std::memory_order_relaxed),
             .recalled = wanted_.load(std::memory_order_relaxed) == Wanted::kNothing};
}

void H1Connection::hold_root() noexcept {
  if (root_ != nullptr) root_->hold();
}

void H1Connection::release_root() noexcept {
  if (root_ != nullptr) root_->release();
}

std::unique_ptr<Hijacked> H1Connection::hijack(sched::Worker& worker, std::string read_ahead) {
  auto hijacked = std::make_unique<Hijacked>(*this, std::move(read_ahead), service_.clock());
  H1Scratch& scratch = H1Scratch::of(worker);
  scratch.tally.count(scratch.exchange.response().status());
  scratch.tally.flush(service_.counters());
  service_.counters().add(observe::Counter::kHijacks);
  log_access(scratch);
  scratch.exchange.request().disconnect();
  hold_root();
  scratch.slot.begin_hijack(*route_);
  loop().forsake(*this);
  const bool recalled = wanted_.load(std::memory_order_relaxed) == Wanted::kNothing;
  if (service_.draining() || recalled) tell_hijacked();
  return hijacked;
}

void H1Connection::end_hijack() noexcept {
  service_.counters().add(observe::Counter::kHijacksEnded);
  backlog_.reset();
  (void)account();
  after_ = After::kClose;
  release_root();
  give_back(true);
}

sched::Turn H1Connection::advance(sched::Worker& worker) {
  if (awaits_header_) return read_proxy_header(worker);
  note_half(false);
  if (backlog_ && backlog_->sending()) {
    bool progress = false;
    const H1Backlog::Sent sent = backlog_->send(*stream_, progress);
    if (sent == H1Backlog::Sent::kLost) {
      close();
      return sched::Turn::kKept;
    }
    if (progress || !armed()) set_timer(service_.options().write_stall);
    if (sent != H1Backlog::Sent::kAll) {
      if (sent == H1Backlog::Sent::kTurn) loop().requeue(*this);
      note_half(true);
      return sched::Turn::kKept;
    }
    (void)account();
  }
  if (!after_sending(worker)) {
    note_half(true);
    return sched::Turn::kKept;
  }
  return read_requests(worker);
}

bool H1Connection::after_sending(sched::Worker& worker) {
  if (after_ == After::kClose || after_ == After::kReset) {
    close();
    return false;
  }
  if (after_ == After::kLinger) {
    if (!lingering_) {
      lingering_ = true;
      stream_->shutdown_write();
      set_timer(service_.options().linger);
    }
    std::uint64_t most = UINT64_MAX;
    if (!drop_input(worker, most)) close();
    return false;
  }
  if (discard_ > 0) {
    if (!drop_input(worker, discard_)) {
      close();
      return false;
    }
    if (discard_ > 0) {
      // One deadline for all of it, not put off by bytes: nobody wants them.
      if (!std::exchange(discarding_, true)) set_timer(service_.options().body_grace);
      return false;
    }
    discarding_ = false;
  }
  return true;
}

bool H1Connection::drop_input(sched::Worker& worker, std::uint64_t& most) {
  // Bounded in one turn: a fast sender must not keep the loop. Edge-triggered, so the rest waits in
  // the queue.
  for (int reads = 0; most > 0; ++reads) {
    if (reads == 16) {
      loop().requeue(*this);
      return true;
    }
    const std::span<char> buffer = worker.buffer();
    const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), most));
    const net::IoResult result = stream_->read(buffer.first(room));
    if (result.kind == net::IoResult::Kind::kWouldBlock) return true;
    if (!result.ok()) return false;
    most -= result.bytes;
  }
  return true;
}

// --- ends of a turn
// -------------------------------------------------------------------------------------

bool H1Connection::account() noexcept {
  const std::uint64_t bytes = backlog_ ? backlog_->bytes() : 0;
  if (bytes > accounted_) {
    if (!service_.reserve_buffered(bytes - accounted_)) return false;
  } else {
    service_.release_buffered(accounted_ - bytes);
  }
  accounted_ = bytes;
  return true;
}

bool H1Connection::keep_input(std::string_view unread) {
  if (unread.empty()) return true;
  backlog().input.assign(unread);
  return account();
}

bool H1Connection::keep_output(H1Scratch& scratch) {
  if (scratch.transport.output.empty()) return true;
  backlog().output = scratch.transport.output.take();
  backlog_->sent = 0;
  backlog_->file = scratch.transport.output.take_file();
  return account();
}

void H1Connection::drop_backlog_if_empty() noexcept {
  if (!backlog_ || !backlog_->empty()) return;
  backlog_.reset();
  (void)account();
}

void H1Connection::end_turn_with_rest(sched::Worker& worker, H1Input& input, bool partial) {
  H1Scratch& scratch = H1Scratch::of(worker);
  const H1Output& output = scratch.transport.output;
  if (input.end && partial) after_ = After::kClose;  // what is not whole will never be
  const std::string_view unread = after_ == After::kRead ? input.unread() : std::string_view();
  const bool sending = !output.empty();
  if (!keep_output(scratch)) {
    close();
    return;
  }
  if (!keep_input(unread)) {
    refuse_buffered(worker);
    return;
  }
  if (!unread.empty()) {
    backlog_->need = input.need;
    if (partial && input.need == 0) {
      backlog_->parser = std::move(scratch.parser);
      scratch.parser = http::HeadParser(service_.options().head);
    }
    if (partial && !backlog_->due) {
      backlog_->due = loop().now() + service_.options().header_timeout;
    }
  }
  if (sending) {
    set_timer(service_.options().write_stall);
    // The socket was full before the bytes went, and may not be now.
    if (!backlog_->file.empty()) loop().requeue(*this);
    return;
  }
  if (!after_sending(worker)) return;
  if (!partial || !input.drained) {
    set_timer(service_.options().idle_timeout);
    loop().requeue(*this);  // more requests lie in the backlog or in the socket
    return;
  }
  drop_backlog_if_empty();
  if (!backlog_ && service_.draining() && !fresh_) {
    end_idle();  // its last answer may have gone before anybody spoke of closing
  } else if (backlog_ && backlog_->due) {
    loop().schedule(*this, *backlog_->due);
  } else if (!fresh_) {
    // A fresh one has its timer already, and a drain may have shortened it.
    set_timer(service_.options().idle_timeout);
  }
}

void H1Connection::refuse_buffered(sched::Worker& worker) {
  H1Output& output = H1Scratch::of(worker).transport.output;
  const bool sending = backlog_->sending();
  backlog_->input = std::string();
  if (!sending) {
    (void)refuse(worker, 503, "the server is busy");
    H1Scratch::of(worker).tally.flush(service_.counters());
    if (output.try_send() && output.empty() && !after_sending(worker)) return;
    output.discard();
  }
  close();
}

void H1Connection::end_held_turn(H1Scratch& scratch, std::string_view unread) noexcept {
  scratch.tally.flush(service_.counters());
  H1Output& output = scratch.transport.output;
  if (!output.try_send() && after_ != After::kReset) after_ = After::kClose;
  if (after_ != After::kRead) unread = {};
  if (!keep_output(scratch) || !keep_input(unread)) {
    // Over limits.buffered: what cannot be kept is given up, and the client sees that it was cut.
    backlog_.reset();
    (void)account();
    after_ = After::kReset;
  }
  drop_backlog_if_empty();
  last_held_ = service_.clock().now();
  note_half(half_done());
  // From give_back on another thread may have it.
  give_back(backlog_ != nullptr || after_ != After::kRead || discard_ > 0 || service_.draining());
}

}  // namespace berth::serve
