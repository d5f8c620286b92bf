#include "plugin/exchange_bridge.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <string_view>

#include "http/token.h"
#include "plugin/abi_error.h"
#include "plugin/abi_text.h"
#include "plugin/facets.h"
#include "plugin/host_table.h"
#include "serve/io_error.h"

namespace berth::plugin {

namespace {

std::int32_t resp_header_set(berth_response* r, berth_str name, berth_str value) noexcept {
  if (!is_valid(name) || !is_valid(value)) return BERTH_E_INVALID;
  try {
    return abi_result(r->writer.set_field(view(name), view(value)));
  } catch (const std::exception&) {  // std::bad_alloc
    return BERTH_E_FAILED;
  }
}

std::int32_t resp_header_add(berth_response* r, berth_str name, berth_str value) noexcept {
  if (!is_valid(name) || !is_valid(value)) return BERTH_E_INVALID;
  try {
    return abi_result(r->writer.add_field(view(name), view(value)));
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

std::int32_t resp_header_remove(berth_response* r, berth_str name) noexcept {
  if (!is_valid(name) || !http::is_token(view(name))) return BERTH_E_INVALID;
  try {
    return abi_result(r->writer.remove_field(view(name)));
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

berth_str resp_header_get(const berth_response* r, berth_str name) noexcept {
  return is_valid(name) ? present_or_absent(r->writer.field(view(name))) : absent();
}

// Go logs a superfluous WriteHeader: the caller may have caught the error, or be in C.
void log_superfluous(const berth_response& r, std::int32_t code) {
  if (r.inside == nullptr || code < 100 || r.writer.status() == 0 || r.writer.failed()) return;
  const std::string asked = std::to_string(code);
  const std::string first = std::to_string(r.writer.status());
  const std::array<LogPair, 2> pairs{{{"status", asked}, {"first", first}}};
  r.inside->log(LogLevel::kWarn, "a second status was ignored", pairs);
}

std::int32_t resp_status(berth_response* r, std::int32_t code) noexcept {
  try {
    const auto set = r->writer.set_status(code);
    if (!set && set.error() == serve::IoError::kState) log_superfluous(*r, code);
    return abi_result(set);
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

std::int32_t resp_status_get(const berth_response* r) noexcept { return r->writer.status(); }

std::int64_t resp_write(berth_response* r, const void* bytes, std::size_t size) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  if ((bytes == nullptr && size != 0) || size > kMost) return BERTH_E_INVALID;
  try {
    const auto status = r->writer.write({static_cast<const char*>(bytes), size});
    return status.ok() ? static_cast<std::int64_t>(size) : abi_error(status.error());
  } catch (const std::exception&) {
    r->writer.fail();  // part of it may be out: the response cannot pass for whole any more
    return BERTH_E_FAILED;
  }
}

std::int32_t resp_trailer_declare(berth_response* r, berth_str name) noexcept {
  if (!is_valid(name)) return BERTH_E_INVALID;
  try {
    return abi_result(r->writer.declare_trailer(view(name)));
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

std::int32_t resp_trailer_add(berth_response* r, berth_str name, berth_str value) noexcept {
  if (!is_valid(name) || !is_valid(value)) return BERTH_E_INVALID;
  try {
    return abi_result(r->writer.add_trailer(view(name), view(value)));
  } catch (const std::exception&) {
    return BERTH_E_FAILED;
  }
}

const void* resp_facet(berth_response* r, const char* facet_id) noexcept {
  return response_facet(*r, facet_id);
}

}  // namespace

void install_response_calls(berth_host& table) noexcept {
  table.resp_header_set = resp_header_set;
  table.resp_header_add = resp_header_add;
  table.resp_header_remove = resp_header_remove;
  table.resp_header_get = resp_header_get;
  table.resp_status = resp_status;
  table.resp_status_get = resp_status_get;
  table.resp_write = resp_write;
  table.resp_trailer_declare = resp_trailer_declare;
  table.resp_trailer_add = resp_trailer_add;
  table.resp_facet = resp_facet;
}

}  // namespace berth::plugin
