#include "plugin/host_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <utility>

#include "plugin/abi_text.h"
#include "plugin/call_scope.h"
#include "plugin/config_bridge.h"
#include "plugin/exchange_bridge.h"
#include "plugin/host_facets.h"

namespace berth::plugin {

namespace {

// Pairs of one line; what is over is counted in a pair of its own. A line of the log holds no more.
constexpr std::size_t kLogPairs = 32;

LogLevel level_of(std::int32_t level) noexcept {
  switch (level) {
    case BERTH_DEBUG:
      return LogLevel::kDebug;
    case BERTH_INFO:
      return LogLevel::kInfo;
    case BERTH_WARN:
      return LogLevel::kWarn;
    default:  // one of a later SDK is told rather than lost
      return LogLevel::kError;
  }
}

}  // namespace

HostTable::HostTable(std::string alias, LogSink& sink, const base::Clock& clock)
    : alias_(std::move(alias)),
      sink_(sink),
      calls_{},
      tasks_(*this, clock),
      timers_(tasks_, *this, clock) {
  calls_.owner = this;
  calls_.size = sizeof(berth_host);
  calls_.abi_major = BERTH_ABI_MAJOR;
  calls_.abi_minor = BERTH_ABI_MINOR;
  calls_.log = log_call;
  calls_.host_facet = host_facet;
  install_config_calls(calls_);
  install_request_calls(calls_);
  install_response_calls(calls_);
  install_middleware_calls(calls_);
}

HostTable::~HostTable() { tasks_.stop(base::TimePoint::max()); }

HostTable& HostTable::of(const berth_host& table) noexcept {
  return *static_cast<const Calls&>(table).owner;
}

void HostTable::log(LogLevel level, std::string_view message,
                    std::span<const LogPair> pairs) const noexcept {
  sink_.write({level, alias_, CallScope::pattern(), message, pairs});
}

void HostTable::log_call(const berth_host* self, std::int32_t level, berth_str message,
                         const berth_pair* pairs, std::size_t pair_count) noexcept {
  if (self == nullptr || !is_valid(message)) return;
  const HostTable& table = of(*self);
  std::array<LogPair, kLogPairs + 1> copies;
  const std::size_t given = pairs == nullptr ? 0 : pair_count;
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(given, kLogPairs); ++i) {
    if (!is_valid(pairs[i].key) || !is_valid(pairs[i].value)) continue;
    copies[count++] = {view(pairs[i].key), view(pairs[i].value)};
  }
  std::array<char, 24> left_out{};
  if (given > kLogPairs) {
    const auto end = std::to_chars(left_out.begin(), left_out.end(), given - kLogPairs).ptr;
    copies[count++] = {"pairs_left_out", {left_out.begin(), end}};
  }
  const LogLevel known = level_of(level);
  table.log(known, view(message), {copies.data(), count});
  ConfigScope* scope = ConfigScope::current();
  if (scope == nullptr || known != LogLevel::kError) return;
  try {
    scope->remember_error(view(message));
  } catch (const std::exception&) {  // std::bad_alloc: the line is in the log
  }
}

}  // namespace berth::plugin
