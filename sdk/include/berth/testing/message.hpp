// The request a test hands to a handler and the response it gets back; plain values, no network.
#pragma once

#include <berth/abi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing {

struct Field {
  std::string name;
  std::string value;
  friend bool operator==(const Field&, const Field&) = default;
};

// RFC 9110 s5.1: names of fields are the same in any case.
[[nodiscard]] inline bool same_name(std::string_view a, std::string_view b) noexcept {
  constexpr auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}
// Null if there is none.
[[nodiscard]] inline const Field* find_field(const std::vector<Field>& fields,
                                             std::string_view name) noexcept {
  for (const Field& field : fields) {
    if (same_name(field.name, name)) return &field;
  }
  return nullptr;
}

// A request, as httptest.NewRequest: RequestSpec("POST", "/echo?x=1").body("abc").header("A", "b")
struct RequestSpec {
  RequestSpec(std::string request_method, std::string request_target)
      : method(std::move(request_method)), target(std::move(request_target)) {}

  RequestSpec& header(std::string name, std::string value) {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
  // What {name} of the pattern matched; a recorder has no router.
  RequestSpec& path_value(std::string name, std::string value) {
    path_values.push_back({std::move(name), std::move(value)});
    return *this;
  }
  // What request.values(), connection_values() and listener_values() hold to begin with.
  RequestSpec& value(std::string name, std::string text) {
    values[BERTH_SCOPE_REQUEST].insert_or_assign(std::move(name), std::move(text));
    return *this;
  }
  RequestSpec& connection_value(std::string name, std::string text) {
    values[BERTH_SCOPE_CONNECTION].insert_or_assign(std::move(name), std::move(text));
    return *this;
  }
  RequestSpec& listener_value(std::string name, std::string text) {
    values[BERTH_SCOPE_LISTENER].insert_or_assign(std::move(name), std::move(text));
    return *this;
  }
  // A body of known length, that comes in one piece, or in these: a read never spans two.
  RequestSpec& body(std::string bytes) { return body_in(std::vector{std::move(bytes)}); }
  RequestSpec& body_in(std::vector<std::string> bytes) {
    pieces = std::move(bytes);
    std::int64_t length = 0;
    for (const std::string& piece : pieces) length += static_cast<std::int64_t>(piece.size());
    content_length = length;
    return *this;
  }
  // Length unknown until the end.
  RequestSpec& chunked() {
    content_length = -1;
    return *this;
  }
  RequestSpec& trailer(std::string name, std::string value) {
    trailers.push_back({std::move(name), std::move(value)});
    return *this;
  }
  // The body ends with this berth_errc: E_CLOSED, E_TIMEOUT, E_TOO_LARGE.
  RequestSpec& body_fails(std::int32_t code) {
    body_error = code;
    return *this;
  }
  // Writes fail with this berth_errc once so many bytes of the body, or behind a hijack of the
  // connection, were taken.
  RequestSpec& write_fails_after(std::size_t bytes, std::int32_t code) {
    write_limit = bytes;
    write_error = code;
    return *this;
  }
  RequestSpec& is_cancelled() {
    cancelled = true;
    return *this;
  }
  // The connection has the Flusher facet.
  RequestSpec& with_flusher() {
    flusher = true;
    return *this;
  }
  // It can be hijacked: reads of it give these pieces, one each, then 0 or this berth_errc.
  RequestSpec& with_connection(std::vector<std::string> input, std::int32_t end = BERTH_OK) {
    hijackable = true;
    connection_input = std::move(input);
    connection_end = end;
    return *this;
  }
  // hijack() fails with this berth_errc; E_FAILED: too many threads wait for clients.
  RequestSpec& hijack_fails(std::int32_t code) {
    hijackable = true;
    hijack_error = code;
    return *this;
  }
  // It has the Controller facet; the FileSender facet.
  RequestSpec& with_controller() {
    controller = true;
    return *this;
  }
  RequestSpec& with_file_sender() {
    file_sender = true;
    return *this;
  }

  // It came through a proxy at this address, of which the listener believed the rest.
  RequestSpec& through(std::string proxy, std::string client, std::string client_scheme = "https") {
    peer_address = std::move(proxy);
    remote_address = std::move(client);
    scheme = std::move(client_scheme);
    return *this;
  }

  std::string method;
  std::string target;
  std::string protocol = "HTTP/1.1";
  std::string scheme = "http";
  std::string host = "example.com";
  std::string remote_address = "192.0.2.1:1234";
  std::string peer_address = {};  // of a proxy in front; empty: the same as remote_address
  std::string local_address = "192.0.2.2:8080";
  std::string listener = "test";
  std::vector<Field> headers;
  std::vector<Field> path_values;
  std::array<std::map<std::string, std::string, std::less<>>, 3> values;  // by berth_scope
  std::array<std::int64_t, 5> connection_counts{0, 1, 0, 0, 0};           // by its state
  std::vector<Field> trailers;
  std::vector<std::string> pieces;
  std::int64_t content_length = 0;
  std::int32_t body_error = BERTH_OK;
  std::size_t write_limit = SIZE_MAX;
  std::int32_t write_error = BERTH_OK;
  std::int64_t deadline = 0;
  bool cancelled = false;
  bool flusher = false;
  bool controller = false;
  bool file_sender = false;
  bool hijackable = false;
  std::vector<std::string> connection_input;
  std::int32_t connection_end = BERTH_OK;
  std::int32_t hijack_error = BERTH_OK;
};

class RecordedConnection;

// What the client would get; without what a host adds by itself (Date, Content-Length...).
struct RecordedResponse {
  int status = 0;  // 0: nothing is answered, for the client was gone or the connection hijacked
  std::vector<Field> headers;   // as set by the handler, in order; none for a host's error reply
  std::vector<Field> trailers;  // likewise
  std::string body;
  struct Informational {
    int status;
    std::vector<Field> headers;
  };
  std::vector<Informational> informational;  // 1xx, in order
  std::vector<std::size_t> flushes;          // bytes of the body at each flush
  struct FilePart {
    std::int64_t offset;
    std::int64_t size;
  };
  std::vector<FilePart> files;                // parts of the body that a FileSender was given
  std::vector<std::int64_t> read_deadlines;   // as set by a Controller, in order; 0: lifted
  std::vector<std::int64_t> write_deadlines;  // likewise
  bool full_duplex = false;                   // asked for and granted
  // What a Hijacker handed out; null: nothing. It goes on after serve() has returned.
  std::shared_ptr<const RecordedConnection> connection;
  bool complete = true;            // false: cut off, after a failure behind the head
  std::int32_t result = BERTH_OK;  // what serve() returned
  // What the request's and the connection's values hold at the end.
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, std::string, std::less<>> connection_values;

  // The first of that name.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    const Field* field = find_field(headers, name);
    if (field == nullptr) return std::nullopt;
    return field->value;
  }
  [[nodiscard]] std::optional<std::string> trailer(std::string_view name) const {
    const Field* field = find_field(trailers, name);
    if (field == nullptr) return std::nullopt;
    return field->value;
  }
};

}  // namespace berth::testing
