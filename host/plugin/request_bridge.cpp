#include "plugin/exchange_bridge.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>

#include "plugin/abi_error.h"
#include "plugin/abi_text.h"
#include "plugin/facets.h"

namespace berth::plugin {

namespace {

berth_str req_method(const berth_request* r) noexcept { return present(r->request.method()); }
berth_str req_target(const berth_request* r) noexcept { return present(r->request.target()); }
berth_str req_query(const berth_request* r) noexcept { return present(r->request.query()); }
berth_str req_protocol(const berth_request* r) noexcept { return present(r->request.protocol()); }
berth_str req_scheme(const berth_request* r) noexcept { return present(r->request.scheme()); }
berth_str req_host(const berth_request* r) noexcept { return present(r->request.host()); }

berth_str req_path(const berth_request* r) noexcept {
  try {
    return present(r->request.path());
  } catch (const std::exception&) {  // std::bad_alloc
    return present({});
  }
}

berth_str req_remote(const berth_request* r) noexcept {
  try {
    return present(r->request.remote_address());
  } catch (const std::exception&) {
    return present({});
  }
}

berth_str req_local(const berth_request* r) noexcept {
  try {
    return present(r->request.connected().local_address());
  } catch (const std::exception&) {
    return present({});
  }
}

berth_str req_listener(const berth_request* r) noexcept {
  return present(r->request.connected().listener_name());
}

berth_str req_pattern(const berth_request* r) noexcept {
  return present(r->request.route().pattern);
}

// The request is the host's own, constant only to the plugin.
const http::QueryParameters& parsed_query(const berth_request* r) {
  auto& query = const_cast<berth_request*>(r)->query;
  if (!query) {
    query.emplace();
    // A malformed pair is left out and the rest stands, as abi.h says.
    [[maybe_unused]] const auto status = query->parse(r->request.query());
  }
  return *query;
}

berth_str req_query_value(const berth_request* r, berth_str name) noexcept {
  if (!is_valid(name)) return absent();
  try {
    return present_or_absent(parsed_query(r).find(view(name)));
  } catch (const std::exception&) {
    return absent();
  }
}

std::int32_t req_query_at(const berth_request* r, std::size_t index, berth_str* name,
                          berth_str* value) noexcept {
  try {
    const http::QueryParameters& query = parsed_query(r);
    if (index >= query.size()) return 0;
    const http::QueryParameter parameter = query.at(index);
    if (name != nullptr) *name = present(parameter.name);
    if (value != nullptr) *value = present(parameter.value);
    return 1;
  } catch (const std::exception&) {
    return 0;
  }
}

berth_str req_path_value(const berth_request* r, berth_str name) noexcept {
  if (!is_valid(name)) return absent();
  try {
    return present_or_absent(r->request.path_value(view(name)));
  } catch (const std::exception&) {
    return absent();
  }
}

std::int32_t give(const http::Field& field, berth_str* name, berth_str* value) noexcept {
  if (name != nullptr) *name = present(field.name);
  if (value != nullptr) *value = present(field.value);
  return 1;
}

berth_str req_header(const berth_request* r, berth_str name) noexcept {
  return is_valid(name) ? present_or_absent(r->request.field(view(name))) : absent();
}

std::int32_t req_header_at(const berth_request* r, std::size_t index, berth_str* name,
                           berth_str* value) noexcept {
  const std::span<const http::Field> fields = r->request.fields();
  return index < fields.size() ? give(fields[index], name, value) : 0;
}

berth_str req_trailer(const berth_request* r, berth_str name) noexcept {
  return is_valid(name) ? present_or_absent(r->request.trailers().find(view(name))) : absent();
}

std::int32_t req_trailer_at(const berth_request* r, std::size_t index, berth_str* name,
                            berth_str* value) noexcept {
  const http::Fields& trailers = r->request.trailers();
  return index < trailers.size() ? give(trailers.at(index), name, value) : 0;
}

std::int64_t req_content_length(const berth_request* r) noexcept {
  const auto length = r->request.content_length();
  if (!length) return -1;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(*length < kMost ? *length : kMost);
}

std::int64_t req_read(berth_request* r, void* buffer, std::size_t capacity) noexcept {
  if (buffer == nullptr || capacity == 0) return BERTH_E_INVALID;
  try {
    const auto count = r->request.read({static_cast<char*>(buffer), capacity});
    if (count.ok()) return static_cast<std::int64_t>(*count);
    if (count.error() == serve::IoError::kMalformed) r->malformed = true;
    return abi_error(count.error());
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

std::int32_t req_cancelled(const berth_request* r) noexcept {
  return r->request.cancelled() ? 1 : 0;
}

std::int64_t req_deadline(const berth_request* r) noexcept {
  const auto deadline = r->request.deadline();
  return deadline ? std::int64_t{deadline->time_since_epoch().count()} : 0;
}

const void* req_facet(berth_request*, const char* facet_id) noexcept {
  return request_facet(facet_id);
}

std::int32_t req_retain(berth_request*, berth_response*) noexcept { return BERTH_E_STATE; }

std::int32_t req_release(berth_request*, std::int32_t) noexcept { return BERTH_E_STATE; }

}  // namespace

void install_request_calls(berth_host& table) noexcept {
  table.req_method = req_method;
  table.req_target = req_target;
  table.req_path = req_path;
  table.req_query = req_query;
  table.req_protocol = req_protocol;
  table.req_scheme = req_scheme;
  table.req_host = req_host;
  table.req_remote = req_remote;
  table.req_local = req_local;
  table.req_listener = req_listener;
  table.req_pattern = req_pattern;
  table.req_query_value = req_query_value;
  table.req_query_at = req_query_at;
  table.req_path_value = req_path_value;
  table.req_header = req_header;
  table.req_header_at = req_header_at;
  table.req_trailer = req_trailer;
  table.req_trailer_at = req_trailer_at;
  table.req_content_length = req_content_length;
  table.req_read = req_read;
  table.req_cancelled = req_cancelled;
  table.req_deadline = req_deadline;
  table.req_facet = req_facet;
  table.req_retain = req_retain;
  table.req_release = req_release;
}

}  // namespace berth::plugin
