// What a handler sees of a request: the head as views, the body as a reader. It owns no socket.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "base/short_text.h"
#include "http/request_head.h"
#include "http/target.h"
#include "net/raw_address.h"
#include "serve/client.h"
#include "serve/connection_states.h"
#include "serve/handler.h"
#include "serve/transport.h"
#include "serve/values.h"

namespace berth::serve {

class CommitWord;

// A wildcard of the pattern and the part of the raw path it matched, still percent-encoded.
struct PathValue {
  std::string_view name;
  std::string_view raw;
};

// The connection a request came over. Texts are made on the first call (they cost a system call)
// and live as long as the connection; asked by the thread that holds the exchange.
class Connected {
 public:
  Connected() = default;
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;
  virtual ~Connected() = default;
  // The socket's other end: "192.0.2.1:4711", "[2001:db8::1]:4711"; of a Unix socket
  // "unix:uid=1000,gid=1000,pid=4242".
  [[nodiscard]] virtual std::string_view peer_address() = 0;
  // Whom it is for, and whom that had connected to: what a PROXY header told ("unix:" for a Unix
  // socket), else the peer and our end, "unix:/run/berth/http.sock" or "unix:@berth" of a Unix
  // socket.
  [[nodiscard]] virtual std::string_view remote_address() = 0;
  [[nodiscard]] virtual std::string_view local_address() = 0;
  // Of remote_address().
  [[nodiscard]] virtual const net::RawAddress& remote() noexcept = 0;
  // Who may say in its requests' fields whom they are for; null: nobody.
  [[nodiscard]] virtual const TrustedProxies* trusted_proxies() const noexcept { return nullptr; }
  // The listener's name in the configuration, and its place there from 0.
  [[nodiscard]] virtual std::string_view listener_name() const noexcept = 0;
  [[nodiscard]] virtual std::uint32_t listener_index() const noexcept = 0;
  // Over TLS: scheme https.
  [[nodiscard]] virtual bool secure() const noexcept = 0;

  // Values of kConnection (Go's ConnContext) and kListener (BaseContext). The view lives until the
  // exchange is over, or sets the name again. kState: they cannot be set; see Values, too.
  [[nodiscard]] virtual std::optional<std::string_view> value(ValueScope scope,
                                                              std::string_view name);
  [[nodiscard]] virtual IoStatus set_value(ValueScope scope, std::string_view name,
                                           std::string_view value);
  // Of the server it belongs to; nothing where there is none.
  [[nodiscard]] virtual ConnectionStates connection_states() const { return {}; }

  // The thread that holds the exchange has stopped inside its handler, and will never go on: the
  // client gets a 500 where nothing of the response is out, else it sees the connection cut. Any
  // other thread, once.
  virtual void abandon() noexcept {}
};

// Used by the one thread that holds the exchange; every view dies when the handler returns. Reused
// from request to request by its thread, so that serving allocates nothing.
class Request {
 public:
  Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  [[nodiscard]] std::string_view method() const noexcept { return head_->method; }
  // As received (RFC 9112 s3.2).
  [[nodiscard]] std::string_view target() const noexcept { return head_->target; }
  // Between authority and '?', percent-encoded as received; "*" for OPTIONS *, empty for CONNECT.
  [[nodiscard]] std::string_view raw_path() const noexcept { return target_.path; }
  // raw_path() decoded once. Decoded on the first call.
  [[nodiscard]] std::string_view path();
  // Behind '?', without it, as received.
  [[nodiscard]] std::string_view query() const noexcept { return target_.query; }
  [[nodiscard]] bool has_query() const noexcept { return target_.has_query; }
  [[nodiscard]] int minor_version() const noexcept { return head_->minor_version; }
  [[nodiscard]] std::string_view protocol() const noexcept { return protocol_; }
  // "http" or "https": the client's as trusted proxies tell it, else the connection's.
  [[nodiscard]] std::string_view scheme() noexcept;
  // The client: whom trusted proxies name, else connected().remote_address(). Looked for at the
  // first question.
  [[nodiscard]] std::string_view remote_address();
  // The same as an address; lives as long as the request.
  [[nodiscard]] const net::RawAddress& remote() noexcept;
  // The authority of the target if it has one, else Host; may carry a port (RFC 9112 s3.2.2).
  [[nodiscard]] std::string_view host() const noexcept { return host_; }
  [[nodiscard]] const http::Target& parsed_target() const noexcept { return target_; }

  [[nodiscard]] std::span<const http::Field> fields() const noexcept { return head_->fields; }
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const noexcept {
    return head_->find(name);
  }

  // The declared length of the body; 0 without a body, nullopt where it is chunked.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return length_; }

  // Reads some of the body: at least one byte, or 0 at its end. kTooLarge above the route's
  // max_body. After an error every further read fails the same way.
  [[nodiscard]] IoResult<std::size_t> read(std::span<char> buffer);
  // Empty until read() returned 0.
  [[nodiscard]] const http::Fields& trailers() const noexcept { return transport_->trailers(); }

  // Decoded; nullopt where the pattern has no such wildcard.
  [[nodiscard]] std::optional<std::string_view> path_value(std::string_view name);
  [[nodiscard]] std::span<const PathValue> path_values() const noexcept {
    return {path_values_.data(), path_value_count_};
  }
  // For the mux: names live as long as the route table, raw parts are views into raw_path().
  void clear_path_values() noexcept { path_value_count_ = 0; }
  // REQUIRES: fewer than limits::kPatternSegments were added.
  void add_path_value(PathValue value) noexcept {
    assert(path_value_count_ < path_values_.size());
    path_values_[path_value_count_++] = value;
  }

  [[nodiscard]] Connected& connected() noexcept { return *connected_; }
  // Set once the request is routed; before that a route without a pattern.
  [[nodiscard]] const Route& route() const noexcept { return *route_; }

  // What was set under that name; nullopt: nothing. The view lives until the name is set again in
  // this exchange, and not beyond it.
  [[nodiscard]] std::optional<std::string_view> value(ValueScope scope, std::string_view name);
  // kState: nobody sets those of a listener. kInvalid, kTooLarge: see Values.
  [[nodiscard]] IoStatus set_value(ValueScope scope, std::string_view name, std::string_view value);

  // True once the client is gone or the deadline has passed: the answer is of no use any more.
  [[nodiscard]] bool cancelled() const noexcept;
  // When the route's timeout ends; nullopt: never.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const noexcept { return deadline_; }

  // --- for connections (h1, h2, tests)
  // -------------------------------------------------------------------
  struct Parts {
    const http::RequestHead* head;  // outlives the exchange
    std::string_view host;
    std::string_view protocol;
    std::optional<std::uint64_t> content_length;
    Transport* transport;
    Connected* connected;
    CommitWord* commit = nullptr;  // null: nobody but the handler decides
  };
  // Where the target of the next request is to be parsed into, before reset().
  [[nodiscard]] http::Target& next_target() noexcept { return target_ = {}; }
  // Forgets the last request, but for next_target(), and takes the parts of the next one.
  void reset(const Parts& parts);
  // The connection is somebody else's: it is asked no more.
  void disconnect() noexcept;
  void set_route(const Route& route) noexcept { route_ = &route; }
  void set_deadline(std::optional<base::TimePoint> deadline) noexcept { deadline_ = deadline; }
  [[nodiscard]] std::uint64_t body_read() const noexcept { return body_read_; }
  // Why read() failed last; nothing: it did not.
  [[nodiscard]] std::optional<IoError> read_error() const noexcept { return read_error_; }

 private:
  [[nodiscard]] std::string_view decode(std::string_view raw);
  // Null: the connection trusts no proxy.
  [[nodiscard]] const Client* client() noexcept;

  const http::RequestHead* head_ = nullptr;
  http::Target target_;
  std::string_view host_;
  std::string_view protocol_;
  std::optional<std::uint64_t> length_;
  Transport* transport_ = nullptr;
  Connected* connected_ = nullptr;
  const Route* route_ = nullptr;
  std::optional<base::TimePoint> deadline_;
  std::uint64_t body_read_ = 0;
  std::optional<IoError> read_error_;
  std::optional<std::string_view> path_;
  std::optional<Client> client_;  // once asked for
  std::size_t path_value_count_ = 0;
  Values values_;                    // of kRequest
  std::deque<std::string> decoded_;  // grows only for parts that hold an escape
  std::array<PathValue, base::limits::kPatternSegments> path_values_;  // the first ones
  std::array<char, net::RawAddress::kMaxText> remote_text_;            // of client_
};

[[gnu::always_inline]] inline void Request::reset(const Parts& parts) {
  head_ = parts.head;
  host_ = parts.host;
  protocol_ = parts.protocol;
  length_ = parts.content_length;
  transport_ = parts.transport;
  connected_ = parts.connected;
  route_ = nullptr;
  deadline_.reset();
  body_read_ = 0;
  read_error_.reset();
  path_.reset();
  client_.reset();
  path_value_count_ = 0;
  if (!decoded_.empty()) decoded_.clear();
  if (!values_.empty()) values_.clear();
}

[[gnu::always_inline]] inline std::optional<std::string_view> Request::path_value(
    std::string_view name) {
  for (const PathValue& value : path_values()) {
    if (base::same_text(value.name, name)) return target_.escaped ? decode(value.raw) : value.raw;
  }
  return std::nullopt;
}

}  // namespace berth::serve
