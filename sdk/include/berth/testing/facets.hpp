// The facets of an Exchange inside a Recorder: those that its RequestSpec asks for. Not for use by
// tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/connection.hpp>
#include <berth/testing/exchange.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing::facets {

inline Exchange& of(berth_response* response) { return *reinterpret_cast<Exchange*>(response); }
inline RecordedConnection& of(berth_conn* connection) {
  return *reinterpret_cast<RecordedConnection*>(connection);
}

inline std::int32_t flush(berth_response* response) {
  Exchange& exchange = of(response);
  return exchange.usable("flush") ? exchange.flush() : static_cast<int>(BERTH_E_STATE);
}

inline std::int32_t hijack(berth_response* response, berth_conn** out) {
  Exchange& exchange = of(response);
  if (out == nullptr) return exchange.fault(BERTH_E_INVALID, "hijack to nowhere");
  *out = nullptr;
  if (!exchange.usable("hijack")) return BERTH_E_STATE;
  if (exchange.inside()) return exchange.fault(BERTH_E_STATE, "hijack inside a filter");
  if (exchange.response.status != 0) return exchange.fault(BERTH_E_STATE, "hijack after the head");
  if (exchange.request.hijack_error != BERTH_OK) return exchange.request.hijack_error;
  *out = reinterpret_cast<berth_conn*>(exchange.take_connection());
  return BERTH_OK;
}

inline std::int32_t set_deadline(berth_response* response, const char* call, std::int64_t at,
                                 std::vector<std::int64_t> RecordedResponse::*deadlines) {
  Exchange& exchange = of(response);
  if (!exchange.usable(call)) return BERTH_E_STATE;
  if (at < 0) return exchange.fault(BERTH_E_INVALID, call, "at", "is negative");
  (exchange.response.*deadlines).push_back(at);
  return BERTH_OK;
}
inline std::int32_t set_read_deadline(berth_response* response, std::int64_t at) {
  return set_deadline(response, "set_read_deadline", at, &RecordedResponse::read_deadlines);
}
inline std::int32_t set_write_deadline(berth_response* response, std::int64_t at) {
  return set_deadline(response, "set_write_deadline", at, &RecordedResponse::write_deadlines);
}
inline std::int32_t enable_full_duplex(berth_response* response) {
  Exchange& exchange = of(response);
  if (!exchange.usable("enable_full_duplex")) return BERTH_E_STATE;
  if (exchange.request.protocol == "HTTP/1.0") return BERTH_E_STATE;
  exchange.response.full_duplex = true;
  return BERTH_OK;
}

inline std::int64_t send_file(berth_response* response, int fd, std::int64_t offset,
                              std::int64_t size) {
  Exchange& exchange = of(response);
  if (!exchange.usable("send_file")) return BERTH_E_STATE;
  if (fd < 0) return exchange.fault(BERTH_E_INVALID, "send_file", "fd", "is negative");
  if (offset < 0) return exchange.fault(BERTH_E_INVALID, "send_file", "offset", "is negative");
  if (size < 0) return exchange.fault(BERTH_E_INVALID, "send_file", "size", "is negative");
  const auto bytes = static_cast<std::uint64_t>(size);
  if (const std::int32_t bad = exchange.begin_file(bytes); bad != BERTH_OK) return bad;
  exchange.response.files.push_back({offset, size});
  if (exchange.request.method == "HEAD") return size;
  std::array<char, 4096> piece;
  for (std::int64_t left = size; left > 0;) {
    const auto most = static_cast<std::size_t>(std::min<std::int64_t>(left, piece.size()));
    const ssize_t got = ::pread(fd, piece.data(), most, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return exchange.file_is_shorter();
    const std::string_view read(piece.data(), static_cast<std::size_t>(got));
    if (const std::int64_t written = exchange.write_file(read); written < 0) return written;
    offset += got;
    left -= got;
  }
  return size;
}

inline Exchange& of(berth_request* request) { return *reinterpret_cast<Exchange*>(request); }

inline berth_str get_value(berth_request* request, std::int32_t scope, berth_str name) {
  Exchange& exchange = of(request);
  if (!exchange.usable("Values::get") || scope < 0 || scope > BERTH_SCOPE_LISTENER) return {};
  const auto& values = exchange.request.values[static_cast<std::size_t>(scope)];
  const auto found = values.find(std::string_view(name.data, name.size));
  if (found == values.end()) return {};
  return {found->second.data(), found->second.size()};
}
inline std::int32_t set_value(berth_request* request, std::int32_t scope, berth_str name,
                              berth_str value) {
  constexpr std::size_t kNames = 32;
  constexpr std::size_t kBytes = 8192;
  Exchange& exchange = of(request);
  if (!exchange.usable("Values::set")) return BERTH_E_STATE;
  if (scope < 0 || scope > BERTH_SCOPE_LISTENER || name.size == 0) {
    return exchange.fault(BERTH_E_INVALID, "Values::set");
  }
  if (scope == BERTH_SCOPE_LISTENER) {
    return exchange.fault(BERTH_E_STATE, "Values::set of a listener");
  }
  auto& values = exchange.request.values[static_cast<std::size_t>(scope)];
  std::string key(name.data, name.size);
  const bool is_new = values.find(key) == values.end();
  std::size_t bytes = key.size() + value.size;
  for (const auto& [other, text] : values) bytes += other == key ? 0 : other.size() + text.size();
  if ((is_new && values.size() == kNames) || bytes > kBytes) return BERTH_E_TOO_LARGE;
  values.insert_or_assign(std::move(key), std::string(value.data, value.size));
  return BERTH_OK;
}
inline std::int64_t count_connections(berth_request* request, std::int32_t state) {
  if (state < 0 || state > BERTH_CONNECTION_CLOSED) return BERTH_E_INVALID;
  return of(request).request.connection_counts[static_cast<std::size_t>(state)];
}

inline berth_str peer_address(const berth_request* request) {
  Exchange& exchange = of(const_cast<berth_request*>(request));
  static_cast<void>(exchange.usable("Request::peer_address"));
  const RequestSpec& spec = exchange.request;
  const std::string& address = spec.peer_address.empty() ? spec.remote_address : spec.peer_address;
  return {address.data(), address.size()};
}

// What req_facet answers.
inline const void* find_of_request(std::string_view id) {
  static constexpr berth_values kValues{sizeof(berth_values), get_value, set_value};
  static constexpr berth_connections kConnections{sizeof(berth_connections), count_connections};
  static constexpr berth_peer kPeer{sizeof(berth_peer), peer_address};
  if (id == BERTH_VALUES) return &kValues;
  if (id == BERTH_CONNECTIONS) return &kConnections;
  if (id == BERTH_PEER) return &kPeer;
  return nullptr;
}

// What resp_facet answers.
inline const void* find(const Exchange& exchange, std::string_view id) {
  static constexpr berth_flusher kFlusher{sizeof(berth_flusher), flush};
  static constexpr berth_hijacker kHijacker{
      sizeof(berth_hijacker),
      hijack,
      [](berth_conn* connection, void* buffer, std::size_t capacity, std::int32_t timeout_ms) {
        return of(connection).read(buffer, capacity, timeout_ms);
      },
      [](berth_conn* connection, const void* bytes, std::size_t size, std::int32_t timeout_ms) {
        return of(connection).write(bytes, size, timeout_ms);
      },
      [](berth_conn* connection) { of(connection).close(); },
      [](const berth_conn* connection) {
        return of(const_cast<berth_conn*>(connection)).draining();
      }};
  static constexpr berth_controller kController{sizeof(berth_controller), set_read_deadline,
                                                set_write_deadline, enable_full_duplex};
  static constexpr berth_file_sender kFileSender{sizeof(berth_file_sender), send_file};
  const RequestSpec& request = exchange.request;
  if (id == BERTH_FLUSHER && request.flusher) return &kFlusher;
  if (id == BERTH_HIJACKER && request.hijackable) return &kHijacker;
  if (id == BERTH_CONTROLLER && request.controller) return &kController;
  if (id == BERTH_FILE_SENDER && request.file_sender) return &kFileSender;
  return nullptr;
}

}  // namespace berth::testing::facets
