// One HTTP/1 connection: reads requests, routes them, has them served inline or by a thread of
// their own, sends what is left, and closes with care. Parsing, framing and handlers are elsewhere.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/framing.h"
#include "http/request_error.h"
#include "net/proxy_header.h"
#include "net/raw_address.h"
#include "net/stream.h"
#include "sched/loop.h"
#include "sched/pool.h"
#include "sched/source.h"
#include "serve/client.h"
#include "serve/commit_word.h"
#include "serve/h1_backlog.h"
#include "serve/handler.h"
#include "serve/hijacked.h"
#include "serve/request.h"
#include "serve/use.h"
#include "serve/values.h"

namespace berth::observe {
class AccessLog;
}

namespace berth::serve {

class Root;
class Service;
struct H1Input;
struct H1Scratch;

// What a listener's connections have in common; outlives them.
struct ListenerInfo {
  std::string name;
  std::uint32_t index = 0;
  bool secure = false;
  Handler* root = nullptr;  // who answers here; null: the service's root
  Values values{};          // of ValueScope::kListener
  // What a connection has to begin with; nothing: with its first request.
  std::optional<net::ProxyProtocol> proxy_protocol = {};
  // Who may send that, and whose fields about the client are believed; nothing: anybody, and
  // nobody.
  std::optional<TrustedProxies> trusted_proxies = {};
};

// What it does next follows from what it holds, in this order:
//
//   a PROXY header is to come                      read that (awaits_header_)
//   bytes of responses the client has not taken    send them; nothing is read meanwhile
//   (back-pressure) after_ is not kRead                            close, reset, or linger:
//   half-close, drop input, then close body bytes nobody wants (discard_)             drop them
//   else                                           read, parse and serve requests
//
// A request whose body is not wholly here, or whose route is known to block, goes, connection and
// all, to a thread of its own (held), and comes back. A client that asks for the same again at once
// is waited for by that thread, for a moment: it saves two switches.
//
// The IO side belongs to whoever holds the connection (sched::Connection), the timer to the loop's
// driver.
class H1Connection final : public sched::Connection,
                           public Connected,
                           public HijackedConnection,
                           public Used {
 public:
  H1Connection(Service& service, const ListenerInfo& listener, std::unique_ptr<net::Stream> stream,
               const net::PeerAddress& peer) noexcept;
  ~H1Connection() override;

  // sched::Connection
  [[nodiscard]] sched::Turn on_ready(sched::Worker& worker, sched::Readiness readiness) override;
  [[nodiscard]] sched::Turn on_adopted(sched::Worker& worker) override;
  [[nodiscard]] sched::Turn on_return(sched::Worker& worker) override;
  void on_deadline(sched::Worker& worker) override;
  void on_drain(sched::Worker& worker, bool hard) override;
  void on_deadline_held() noexcept override;
  void on_drain_held() noexcept override;
  void shut() noexcept override { stream_->cut(); }
  void run(sched::Worker& worker) noexcept override;
  void reject(sched::Worker& worker) noexcept override;
  [[nodiscard]] int descriptor() const noexcept override { return stream_->fd(); }

  // The holder's, from inside its handler, when the commit word says hijacked: it is the result's
  // from now on, and the holder touches nothing of it any more. worker: the holder's own.
  [[nodiscard]] std::unique_ptr<Hijacked> hijack(sched::Worker& worker, std::string read_ahead);

  // Any thread, while an exchange is in flight: nobody waits for its answer. Its client has gone,
  // or has ended its side where the route takes that for going; or it was recalled.
  [[nodiscard]] bool is_unwanted() const noexcept;

  // The holder's, from inside its handler: its response is an event stream, which a drain ends.
  void note_event_stream() noexcept;

  // Used
  [[nodiscard]] std::optional<Use> use() const noexcept override;
  void recall() noexcept override;
  void cut() noexcept override { stream_->cut(); }

  // HijackedConnection
  [[nodiscard]] net::Stream& hijacked_stream() noexcept override { return *stream_; }
  void end_hijack() noexcept override;

  // Connected
  [[nodiscard]] std::string_view peer_address() override;
  [[nodiscard]] std::string_view remote_address() override;
  [[nodiscard]] std::string_view local_address() override;
  [[nodiscard]] const net::RawAddress& remote() noexcept override;
  [[nodiscard]] const TrustedProxies* trusted_proxies() const noexcept override {
    return listener_.trusted_proxies ? &*listener_.trusted_proxies : nullptr;
  }
  [[nodiscard]] std::string_view listener_name() const noexcept override { return listener_.name; }
  [[nodiscard]] std::uint32_t listener_index() const noexcept override { return listener_.index; }
  [[nodiscard]] bool secure() const noexcept override { return listener_.secure; }
  [[nodiscard]] std::optional<std::string_view> value(ValueScope scope,
                                                      std::string_view name) override;
  [[nodiscard]] IoStatus set_value(ValueScope scope, std::string_view name,
                                   std::string_view value) override;
  [[nodiscard]] ConnectionStates connection_states() const override;
  void abandon() noexcept override;

 private:
  enum class After : std::uint8_t { kRead, kLinger, kClose, kReset };  // once what is left is sent
  // What became of one request in the buffer.
  enum class Served : std::uint8_t {
    kNext,        // answered; another may follow
    kMore,        // its bytes are not all here
    kLast,        // answered, and after_ says how the connection ends
    kBlocked,     // earlier replies have to be taken by the client first
    kHandedOver,  // a thread of its own has it: hands off
    kLost,        // answered, but the loop has another driver by now
    kHijacked,    // the handler has it: hands off, and the loop has another driver
  };
  // What the request in flight is to its client: recalled, it is nothing any more.
  enum class Wanted : std::uint8_t { kAnswer, kEventStream, kNothing };
  struct Ends;

  [[nodiscard]] Ends& ends();
  // The socket's other end. Who it is behind a Unix socket is asked for at the first call.
  [[nodiscard]] const net::RawAddress& peer() noexcept;
  // What the listener's proxy_protocol asks for, before anything else.
  [[nodiscard]] sched::Turn read_proxy_header(sched::Worker& worker);
  // False: who connected may not send one, and it was closed.
  [[nodiscard]] bool begin_proxy_header();
  // `rest` is what came behind it. False: no room to keep that.
  [[nodiscard]] bool take_proxy_header(const net::ProxyHeader& header, std::string_view rest);
  void refuse_proxy_header(net::ProxyHeaderError why) noexcept;
  [[nodiscard]] sched::Turn advance(sched::Worker& worker);
  [[nodiscard]] sched::Turn read_requests(sched::Worker& worker);
  void restore_input(sched::Worker& worker, H1Input& input);
  [[nodiscard]] Served serve_all(sched::Worker& worker, H1Input& input);
  [[nodiscard]] Served serve_one(sched::Worker& worker, H1Input& input);
  [[nodiscard]] Served serve_inline(sched::Worker& worker, H1Input& input,
                                    const http::Framing& framing);
  // Calls the scratch's exchange, and learns from it. False: this thread drives no loop (any more).
  [[nodiscard]] bool call_handler(sched::Worker& worker, H1Scratch& scratch) noexcept;
  [[nodiscard]] Served hand_over(sched::Worker& worker, H1Input& input, sched::JobKind kind);
  [[nodiscard]] Served refuse(sched::Worker& worker, int status, std::string_view text,
                              bool head_request = false, bool logged = true);
  // Who answers a request that begins now: the listener's own handler, else the present root,
  // pinned.
  [[nodiscard]] Handler& pin_root(H1Scratch& scratch) noexcept;
  // The exchange in flight goes on without this thread's pin: it counts until release_root().
  void hold_root() noexcept;
  void release_root() noexcept;
  // Fills the scratch's exchange from the parsed head and has `root` route it.
  [[nodiscard]] base::Result<http::Framing, http::RequestError> begin_exchange(H1Scratch& scratch,
                                                                               Handler& root);
  // Before a request is handed to its handler: what its deadline needs to know.
  void arm(H1Scratch& scratch, base::TimePoint now, bool replies_unsent) noexcept;
  // That exchange's deadline has passed.
  void time_out(CommitWord::Exchange exchange) noexcept;
  // REQUIRES: it sealed the exchange. False: something else would have to go first, or it could not
  // be sent at once.
  [[nodiscard]] bool answer_instead(int status, std::string_view text) noexcept;
  // Whether the exchange in flight may last for as long as its client likes.
  [[nodiscard]] bool may_last() const noexcept;
  // It hears of the drain. Of a hijacked one: by the end of its input.
  void part() noexcept;
  void tell_hijacked() noexcept;
  // Does what a drain has put off and is due by now; when the next is.
  base::TimePoint go_on_parting() noexcept;
  // During a drain: closes a connection without a request in it, now or after the grace.
  void end_idle();
  // Begins the scratch's transport and body. `room` is the buffer behind the head, `received` what
  // lies there.
  void begin_transport(sched::Worker& worker, const http::Framing& framing, std::span<char> room,
                       std::size_t received, base::TimePoint now);
  // A job's request, in the scratch's parser and exchange. False: hijacked, hands off.
  [[nodiscard]] bool serve_held(sched::Worker& worker, H1Scratch& scratch, H1Input& input,
                                const http::Framing& framing) noexcept;
  // Whether a job that has answered waits a moment for the next request, and for that: nothing if
  // it did not come, or is none that this thread may serve without the loop.
  [[nodiscard]] bool may_stay(sched::Worker& worker, H1Scratch& scratch,
                              const H1Input& input) noexcept;
  [[nodiscard]] std::optional<http::Framing> await_next(sched::Worker& worker, H1Scratch& scratch,
                                                        H1Input& input) noexcept;
  void log_access(H1Scratch& scratch) noexcept;
  // How the connection goes on after an exchange.
  void settle(H1Scratch& scratch, bool unread_body, bool unread_input) noexcept;

  // The end of a turn that still owns the loop: sends, keeps what is left, sets the timer.
  void end_turn(sched::Worker& worker, H1Input& input, bool partial);
  void end_turn_with_rest(sched::Worker& worker, H1Input& input, bool partial);
  // The end of a turn as a mere holder: the same, then gives the connection back.
  void end_held_turn(H1Scratch& scratch, std::string_view unread) noexcept;
  // Keep what was not sent or not served for the next turn. False: over limits.buffered.
  [[nodiscard]] bool keep_output(H1Scratch& scratch);
  [[nodiscard]] bool keep_input(std::string_view unread);
  [[nodiscard]] bool account() noexcept;
  // limits.buffered is used up and a request is not all here: a 503, if nothing stands before it.
  void refuse_buffered(sched::Worker& worker);
  void drop_backlog_if_empty() noexcept;
  // Ends or goes on once all is sent. False: it was closed, or is lingering.
  [[nodiscard]] bool after_sending(sched::Worker& worker);
  // Drops input. False: the client has ended or broken the connection.
  [[nodiscard]] bool drop_input(sched::Worker& worker, std::uint64_t& most);
  // For ConnectionStates: whether it is left with something half done, and nobody at it.
  void note_half(bool half) noexcept;
  [[nodiscard]] bool half_done() const noexcept {
    return backlog_ || after_ != After::kRead || discard_ > 0;
  }
  // Its first byte has come.
  void note_begun() noexcept;
  // Whether the socket has bytes of the client (POLLIN) or takes some for it (POLLOUT).
  [[nodiscard]] bool has_now(short event) const noexcept;
  [[nodiscard]] H1Backlog& backlog();
  [[gnu::always_inline]] void set_timer(base::Duration timeout) noexcept {
    loop().schedule(*this, loop().now() + timeout);
  }
  void close() noexcept;

  Service& service_;
  const ListenerInfo& listener_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<H1Backlog> backlog_;  // only while something is kept
  std::unique_ptr<Ends> ends_;          // only once asked for, or behind a PROXY header
  base::TimePoint last_held_ =
      base::TimePoint::min();  // when a thread of its own gave it back: idle from then on
  // Of the exchange in flight. Set by the loop's driver before anybody holds the connection, and
  // only read until it is back.
  const Route* route_ = nullptr;
  Root* root_ = nullptr;  // the route's; null: it is the listener's own handler
  base::Duration timeout_{};
  std::atomic<base::TimePoint> since_{};  // relaxed: told to people; a thread that stays renews it
  // Relaxed, as nothing is ordered by them: it waits for a thread; recall() was called.
  std::atomic<bool> waits_{false};
  std::atomic<Wanted> wanted_{Wanted::kAnswer};
  // Of a drain, for a connection that may last (may_last()): when it is told, and cut.
  base::TimePoint part_at_ = base::TimePoint::max();
  base::TimePoint cut_at_ = base::TimePoint::max();
  // The same; a thread that stays puts it off, before it opens commit_ anew.
  // Relaxed: commit_.open() publishes it.
  std::atomic<base::TimePoint> handler_deadline_{base::TimePoint::max()};
  CommitWord commit_;
  bool head_request_ = false;
  bool replies_unsent_ = false;  // of requests before it, in its thread's output
  std::uint64_t discard_ = 0;    // body bytes still to be dropped
  std::uint64_t accounted_ = 0;  // of limits.buffered
  net::PeerAddress peer_;
  After after_ = After::kRead;
  bool lingering_ = false;   // half-closed already
  bool discarding_ = false;  // the deadline of discard_ is set
  bool fresh_ = true;        // no byte of a request has come yet
  bool half_ = false;        // see note_half()
  bool awaits_header_;       // a PROXY header
  bool prompt_ = false;      // it asked again at once after its last job
};

}  // namespace berth::serve
