#include "plugin/facets.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "plugin/abi_error.h"
#include "plugin/exchange_bridge.h"
#include "serve/hijacked.h"

// A connection that a plugin has hijacked: the ABI's opaque type, completed by this host.
struct berth_conn {
  std::unique_ptr<berth::serve::Hijacked> connection;
};

namespace berth::plugin {

namespace {

std::int32_t flush(berth_response* r) noexcept {
  try {
    return abi_result(r->writer.flush());
  } catch (const std::exception&) {  // std::bad_alloc
    r->writer.fail();
    return BERTH_E_FAILED;
  }
}

std::int32_t hijack(berth_response* r, berth_conn** out) noexcept {
  if (out == nullptr) return BERTH_E_INVALID;
  *out = nullptr;
  try {
    auto made = std::make_unique<berth_conn>();  // first: nothing may fail once it is taken over
    auto connection = r->writer.hijack();
    if (!connection) return abi_error(connection.error());
    made->connection = std::move(connection).value();
    *out = made.release();
    return BERTH_OK;
  } catch (const std::exception&) {
    r->writer.fail();
    return BERTH_E_FAILED;
  }
}

std::optional<base::Duration> timeout_of(std::int32_t milliseconds) noexcept {
  if (milliseconds < 0) return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

std::int64_t read(berth_conn* c, void* buffer, std::size_t capacity,
                  std::int32_t timeout_ms) noexcept {
  if (c == nullptr || buffer == nullptr || capacity == 0) return BERTH_E_INVALID;
  const auto got =
      c->connection->read({static_cast<char*>(buffer), capacity}, timeout_of(timeout_ms));
  return got.ok() ? static_cast<std::int64_t>(*got) : abi_error(got.error());
}

std::int64_t write(berth_conn* c, const void* bytes, std::size_t size,
                   std::int32_t timeout_ms) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  if (c == nullptr || (bytes == nullptr && size != 0) || size > kMost) return BERTH_E_INVALID;
  const auto status =
      c->connection->write({static_cast<const char*>(bytes), size}, timeout_of(timeout_ms));
  return status.ok() ? static_cast<std::int64_t>(size) : abi_error(status.error());
}

void close(berth_conn* c) noexcept { delete c; }

std::int32_t draining(const berth_conn* c) noexcept {
  return c != nullptr && c->connection->drained() ? 1 : 0;
}

std::optional<base::TimePoint> time_of(std::int64_t at) noexcept {
  if (at == 0) return std::nullopt;
  return base::TimePoint(base::Duration(at));
}

std::int32_t set_read_deadline(berth_response* r, std::int64_t at) noexcept {
  if (at < 0) return BERTH_E_INVALID;
  r->writer.set_read_deadline(time_of(at));
  return BERTH_OK;
}

std::int32_t set_write_deadline(berth_response* r, std::int64_t at) noexcept {
  if (at < 0) return BERTH_E_INVALID;
  r->writer.set_write_deadline(time_of(at));
  return BERTH_OK;
}

std::int32_t enable_full_duplex(berth_response* r) noexcept {
  return r->writer.request().protocol() == "HTTP/1.0" ? BERTH_E_STATE : BERTH_OK;
}

std::int64_t send_file(berth_response* r, int fd, std::int64_t offset, std::int64_t size) noexcept {
  if (fd < 0 || offset < 0 || size < 0) return BERTH_E_INVALID;
  try {
    const auto status = r->writer.send_file(fd, static_cast<std::uint64_t>(offset),
                                            static_cast<std::uint64_t>(size));
    if (status.ok()) return size;
    const bool of_the_file = status.error() == serve::IoError::kInvalid;
    return of_the_file ? BERTH_E_FAILED : abi_error(status.error());
  } catch (const std::exception&) {
    r->writer.fail();
    return BERTH_E_FAILED;
  }
}

constexpr berth_flusher kFlusher{sizeof(berth_flusher), flush};
constexpr berth_hijacker kHijacker{sizeof(berth_hijacker), hijack, read, write, close, draining};
constexpr berth_controller kController{sizeof(berth_controller), set_read_deadline,
                                       set_write_deadline, enable_full_duplex};
constexpr berth_file_sender kFileSender{sizeof(berth_file_sender), send_file};

bool is_http1(const serve::Request& request) noexcept {
  return request.protocol().starts_with("HTTP/1.");
}

}  // namespace

const void* response_facet(const berth_response& response, const char* facet_id) noexcept {
  if (facet_id == nullptr) return nullptr;
  const std::string_view id(facet_id);
  if (id == BERTH_FLUSHER) return &kFlusher;
  if (id == BERTH_HIJACKER) return is_http1(response.writer.request()) ? &kHijacker : nullptr;
  if (id == BERTH_CONTROLLER) return &kController;
  if (id == BERTH_FILE_SENDER) return &kFileSender;
  return nullptr;
}

}  // namespace berth::plugin
