// Steps of serving a request that a loop's turn (h1_requests.cpp) and a job (h1_job.cpp) have in
// common. Members of H1Connection, inlined into both: together they are the hot path.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "base/limits.h"
#include "http/target.h"
#include "sched/worker.h"
#include "serve/h1_connection.h"
#include "serve/h1_input.h"
#include "serve/h1_scratch.h"
#include "serve/service.h"

namespace berth::serve {

[[gnu::always_inline]] inline void H1Connection::restore_input(sched::Worker& worker,
                                                               H1Input& input) {
  H1Scratch& scratch = H1Scratch::of(worker);
  input.buffer = worker.buffer();
  if (!backlog_) {
    scratch.parser.reset();
    return;
  }
  input.size = backlog_->input.size();
  input.need = backlog_->need;
  std::memcpy(input.buffer.data(), backlog_->input.data(), input.size);
  backlog_->input.clear();
  backlog_->need = 0;
  if (backlog_->parser) {
    scratch.parser = std::move(*backlog_->parser);
    backlog_->parser.reset();
  } else {
    scratch.parser.reset();
  }
}

[[gnu::always_inline]] inline Handler& H1Connection::pin_root(H1Scratch& scratch) noexcept {
  if (listener_.root != nullptr) [[unlikely]]
    return *listener_.root;
  return scratch.slot.pin().handler();
}

[[gnu::always_inline]] inline base::Result<http::Framing, http::RequestError>
H1Connection::begin_exchange(H1Scratch& scratch, Handler& root) {
  const http::RequestHead& head = scratch.parser.head();
  auto framing = http::framing_of(head, scratch.hosts);
  if (!framing) return framing;
  // In place: its copy would be felt.
  http::Target& target = scratch.exchange.request().next_target();
  if (auto parsed = http::parse_target(head.method, head.target, target); !parsed) {
    return base::fail(parsed.error());
  }
  std::optional<std::uint64_t> length = framing->length;
  if (framing->body == http::Framing::Body::kChunked) length.reset();
  scratch.exchange.begin({
      .head = &head,
      // RFC 9112 s3.2.2: the target's authority wins over Host.
      .host = target.authority.empty() ? framing->host : target.authority,
      .protocol = head.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1",
      .content_length = length,
      .transport = &scratch.transport,
      .connected = this,
      .commit = &commit_,
  });
  const bool of_server = target.form == http::Target::Form::kAsterisk;
  scratch.exchange.route(of_server ? service_.server_options() : root);
  return framing;
}

[[gnu::always_inline]] inline void H1Connection::begin_transport(sched::Worker& worker,
                                                                 const http::Framing& framing,
                                                                 std::span<char> room,
                                                                 std::size_t received,
                                                                 base::TimePoint now) {
  H1Scratch& scratch = H1Scratch::of(worker);
  const http::RequestHead& head = scratch.parser.head();
  Request& request = scratch.exchange.request();
  const base::TimePoint deadline = handler_deadline_.load(std::memory_order_relaxed);
  if (deadline != base::TimePoint::max()) request.set_deadline(deadline);
  scratch.transport.begin({
      .service = &service_,
      .worker = &worker,
      .connection = this,
      .commit = &commit_,
      .minor_version = head.minor_version,
      .keep_alive = framing.keep_alive && !service_.draining(),
      .expect_continue = framing.expect_continue,
      .now = now,
  });
  scratch.transport.body.begin(worker, service_, *stream_, framing, room, received,
                               scratch.parser.head_size(), request.deadline());
}

// Nothing of the connection is touched after the handler, which may have taken it over.
[[gnu::always_inline]] inline bool H1Connection::call_handler(sched::Worker& worker,
                                                              H1Scratch& scratch) noexcept {
  Service& service = service_;
  const Route& route = scratch.exchange.request().route();
  worker.enter_handler(route.learning, route.timeout);
  scratch.exchange.run();
  const bool kept = worker.leave_handler();
  const sched::Learning::Change change = worker.take_change();
  if (change != sched::Learning::Change::kNone) [[unlikely]]
    service.on_learnt(route, change);
  return kept;
}

[[gnu::always_inline]] inline void H1Connection::settle(H1Scratch& scratch, bool unread_body,
                                                        bool unread_input) noexcept {
  H1Transport& transport = scratch.transport;
  scratch.tally.count(scratch.exchange.response().status());
  if (service_.access_log() != nullptr) log_access(scratch);
  if (transport.aborted() && transport.ends_by_closing()) {
    after_ = After::kReset;
  } else if (transport.output.lost()) {
    after_ = After::kClose;
  } else if (!transport.keep_alive() || (unread_body && discard_ == 0)) {
    // Closing over bytes that were not read resets the connection, and the reply with it.
    after_ = unread_body || unread_input ? After::kLinger : After::kClose;
  }
  if (after_ != After::kRead) discard_ = 0;
}

}  // namespace berth::serve
