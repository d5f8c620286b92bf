// The request as a handler sees it; not a copy: every view dies when serve() returns.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>
#include <berth/values.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth {

// A field or parameter. Both views live until serve() returns.
struct NameValue {
  std::string_view name;
  std::string_view value;
};

// The fields, trailers or query parameters of a request, in order:
//   for (const auto& [name, value] : request.headers())
class NameValues {
 public:
  using At = int32_t (*)(const berth_request*, size_t, berth_str*, berth_str*);

  class Iterator {
   public:
    using value_type = NameValue;
    using difference_type = std::ptrdiff_t;
    Iterator(const berth_request* request, At at) noexcept : request_(request), at_(at) { fetch(); }
    [[nodiscard]] const NameValue& operator*() const noexcept { return current_; }
    Iterator& operator++() noexcept {
      ++index_;
      fetch();
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) noexcept {
      return !it.present_;
    }

   private:
    void fetch() noexcept {
      berth_str name{}, value{};
      present_ = at_(request_, index_, &name, &value) == 1;
      if (present_) current_ = {detail::view(name), detail::view(value)};
    }
    const berth_request* request_;
    At at_;
    std::size_t index_ = 0;
    bool present_ = false;
    NameValue current_;
  };

  NameValues(const berth_request* request, At at) noexcept : request_(request), at_(at) {}
  [[nodiscard]] Iterator begin() const noexcept { return {request_, at_}; }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

 private:
  const berth_request* request_;
  At at_;
};

namespace detail {

// RFC 9112 s3.2: the path of a target in origin-form or absolute-form, where an empty one is "/";
// "*" is itself, and the authority of a CONNECT has none.
inline std::string_view path_of_target(std::string_view target) noexcept {
  target = target.substr(0, target.find('?'));
  if (target.starts_with('/') || target == "*") return target;
  const std::size_t authority = target.find("://");
  if (authority == std::string_view::npos) return {};
  const std::size_t slash = target.find('/', authority + 3);
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

}  // namespace detail

// Used by the thread inside serve() only, but for cancelled(). What has no value of its own is an
// empty view; what may be absent is an optional.
class Request {
 public:
  explicit Request(berth_request* request) noexcept : request_(request) {}
  // The same request, seen from below a mount prefix: path() and raw_path() are these, views that
  // the caller keeps; all else is that of `whole`. For StripPrefix.
  Request(const Request& whole, std::string_view path, std::string_view raw_path) noexcept
      : request_(whole.request_), path_(path), raw_path_(raw_path) {}
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // "GET", or any other token (RFC 9110 s9).
  [[nodiscard]] std::string_view method() const noexcept { return text(&berth_host::req_method); }
  // As received: "/a%20b?x=1" (RFC 9112 s3.2).
  [[nodiscard]] std::string_view target() const noexcept { return text(&berth_host::req_target); }
  // Decoded and cleaned: "/a b". An escaped slash cannot be told from one that divides.
  [[nodiscard]] std::string_view path() const noexcept {
    return path_ ? *path_ : text(&berth_host::req_path);
  }
  // The path of the target, still escaped: "/a%20b" (Go's EscapedPath).
  [[nodiscard]] std::string_view raw_path() const noexcept {
    return raw_path_ ? *raw_path_ : detail::path_of_target(target());
  }
  // Raw, without '?': "x=1".
  [[nodiscard]] std::string_view query() const noexcept { return text(&berth_host::req_query); }
  // "HTTP/1.1"
  [[nodiscard]] std::string_view protocol() const noexcept {
    return text(&berth_host::req_protocol);
  }
  // "http" or "https", of the connection, or what proxies in front say that the client used, where
  // the listener trusts them.
  [[nodiscard]] std::string_view scheme() const noexcept { return text(&berth_host::req_scheme); }
  // "example.com:8080", what the client asked for.
  [[nodiscard]] std::string_view host() const noexcept { return text(&berth_host::req_host); }
  // The client: "192.0.2.1:5000", "[::1]:5000" for IPv6. It is the peer of the connection, unless a
  // proxy in front of the listener names another one and is trusted (`proxy_protocol`,
  // `trusted_proxies` in the configuration); then the port is 0 where it was not told. Over a Unix
  // socket "unix:uid=1000,gid=1000,pid=4242": whose process had connected, as the kernel says (pid
  // 0: one in a namespace that berth cannot see); "unix:" of one behind a proxy.
  [[nodiscard]] std::string_view remote_address() const noexcept {
    return text(&berth_host::req_remote);
  }
  // The other end of the connection's socket, the same way: that proxy, where there is one.
  [[nodiscard]] std::string_view peer_address() const noexcept {
    const auto* const peer =
        static_cast<const berth_peer*>(detail::host->req_facet(request_, BERTH_PEER));
    return peer == nullptr ? remote_address() : detail::view(peer->address(request_));
  }
  // What the client had connected to, the same way: our end, or the proxy's, if it told by the
  // PROXY protocol. Of a Unix socket "unix:/run/berth/http.sock" or "unix:@berth".
  [[nodiscard]] std::string_view local_address() const noexcept {
    return text(&berth_host::req_local);
  }
  // The name of the listener in the configuration.
  [[nodiscard]] std::string_view listener() const noexcept {
    return text(&berth_host::req_listener);
  }
  // The pattern of the route: "GET /hello/{name}".
  [[nodiscard]] std::string_view pattern() const noexcept { return text(&berth_host::req_pattern); }

  // What {name} of the pattern matched, decoded. nullopt: the pattern has no such wildcard.
  [[nodiscard]] std::optional<std::string_view> path_value(std::string_view name) const noexcept {
    return detail::maybe(detail::host->req_path_value(request_, detail::str(name)));
  }
  // The first query parameter of that name, decoded; and all of them in order.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept {
    return detail::maybe(detail::host->req_query_value(request_, detail::str(name)));
  }
  [[nodiscard]] NameValues query_values() const noexcept {
    return {request_, detail::host->req_query_at};
  }
  // The first field of that name, in any case; and all of them in order.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return detail::maybe(detail::host->req_header(request_, detail::str(name)));
  }
  [[nodiscard]] NameValues headers() const noexcept {
    return {request_, detail::host->req_header_at};
  }
  // The same for trailers (RFC 9110 s6.5), of which there are none before read() has returned 0.
  [[nodiscard]] std::optional<std::string_view> trailer(std::string_view name) const noexcept {
    return detail::maybe(detail::host->req_trailer(request_, detail::str(name)));
  }
  [[nodiscard]] NameValues trailers() const noexcept {
    return {request_, detail::host->req_trailer_at};
  }

  // Bytes of the body, 0 if there is none; nullopt: known only at its end (chunked).
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept {
    const std::int64_t length = detail::host->req_content_length(request_);
    if (length < 0) return std::nullopt;
    return static_cast<std::uint64_t>(length);
  }
  // Waits for some of the body, and returns how many bytes of `out` it filled; 0: the body has
  // ended. Throws Error, which is best let through. REQUIRES: out is not empty.
  std::size_t read(std::span<char> out) {
    return detail::check(detail::host->req_read(request_, out.data(), out.size()), "read");
  }
  // The rest of the body. Throws Error with E_TOO_LARGE (a 413) if it has more than max_bytes.
  [[nodiscard]] std::string read_all(std::size_t max_bytes) {
    constexpr std::size_t kStep = 16384;
    std::string body;
    for (;;) {
      const std::size_t had = body.size();
      body.resize(had + kStep);
      const std::size_t got = read(std::span(body).subspan(had));
      body.resize(had + got);
      if (body.size() > max_bytes) throw Error(BERTH_E_TOO_LARGE, "read_all");
      if (got == 0) return body;
    }
  }

  // Whether nobody waits for the answer any more; of an event stream (text/event-stream), also
  // whether the server stops, which waits for its end. Any thread, until serve() returns.
  [[nodiscard]] bool cancelled() const noexcept {
    return detail::host->req_cancelled(request_) == 1;
  }
  // When the host answers in the handler's stead (503); nullopt: it waits for ever.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept {
    const std::int64_t at = detail::host->req_deadline(request_);
    if (at == 0) return std::nullopt;
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(at));
  }

  // What middleware leaves for this request; for the later ones of its connection, too; and what
  // the listener is configured with, read-only.
  //   request.values().set("acme.user", name);
  [[nodiscard]] Values values() const noexcept { return values_of(BERTH_SCOPE_REQUEST); }
  [[nodiscard]] Values connection_values() const noexcept {
    return values_of(BERTH_SCOPE_CONNECTION);
  }
  [[nodiscard]] Values listener_values() const noexcept { return values_of(BERTH_SCOPE_LISTENER); }

  // Of the whole server, now; all 0 where the host does not tell. For a page that people look at.
  [[nodiscard]] ConnectionCounts connection_counts() const noexcept {
    const auto* const table = facet<berth_connections>(BERTH_CONNECTIONS);
    if (table == nullptr) return {};
    const auto count = [&](berth_connection_state state) { return table->count(request_, state); };
    return {.fresh = count(BERTH_CONNECTION_NEW),
            .active = count(BERTH_CONNECTION_ACTIVE),
            .idle = count(BERTH_CONNECTION_IDLE),
            .hijacked = count(BERTH_CONNECTION_HIJACKED),
            .closed = count(BERTH_CONNECTION_CLOSED)};
  }

 private:
  template <class Table>
  [[nodiscard]] const Table* facet(const char* id) const noexcept {
    return static_cast<const Table*>(detail::host->req_facet(request_, id));
  }
  [[nodiscard]] Values values_of(berth_scope scope) const noexcept {
    return {facet<berth_values>(BERTH_VALUES), request_, scope};
  }
  using Text = berth_str (*berth_host::*)(const berth_request*);
  [[nodiscard]] std::string_view text(Text member) const noexcept {
    return detail::view((detail::host->*member)(request_));
  }
  berth_request* request_;
  std::optional<std::string_view> path_;
  std::optional<std::string_view> raw_path_;
};

}  // namespace berth
