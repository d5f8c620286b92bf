// Text by name that outlives the one who set it, in three scopes: a request's, a connection's, a
// listener's. Go's context values, ConnContext and BaseContext, as text.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace berth {

// The values of one scope; what Request::values() and its like return. Used by the thread inside
// serve() only. A name is one for all plugins: prefix it ("acme.user") where strangers may meet.
class Values {
 public:
  Values(const berth_values* table, berth_request* request, berth_scope scope) noexcept
      : table_(table), request_(request), scope_(scope) {}

  // nullopt: not set. The view lives until the name is set again, and not beyond serve().
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept {
    if (table_ == nullptr) return std::nullopt;
    return detail::maybe(table_->get(request_, scope_, detail::str(name)));
  }
  // Throws Error: E_STATE for those of a listener, which the configuration sets; E_TOO_LARGE above
  // the host's limit; E_INVALID for an empty name.
  void set(std::string_view name, std::string_view value) const {
    const std::int32_t result =
        table_ == nullptr ? static_cast<std::int32_t>(BERTH_E_STATE)
                          : table_->set(request_, scope_, detail::str(name), detail::str(value));
    detail::check(result, "Values::set");
  }

 private:
  const berth_values* table_;  // null: this host has none
  berth_request* request_;
  berth_scope scope_;
};

// How many connections of the server are in which state: Go's http.ConnState, as numbers.
struct ConnectionCounts {
  std::int64_t fresh = 0;     // nothing has come
  std::int64_t active = 0;    // a request has begun to come and its answer is not all taken
  std::int64_t idle = 0;      // between two requests
  std::int64_t hijacked = 0;  // a handler has it
  std::int64_t closed = 0;    // all that ever were
};

}  // namespace berth
