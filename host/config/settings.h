// The numbers of the configuration as tables: key, unit, bounds and the member each one sets. Not
// the defaults: those stand in the structs, from base/limits.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "config/configuration.h"
#include "config/section.h"

namespace berth::config {

enum class Unit : std::uint8_t { kCount, kBytes, kBytesPerSecond, kDuration };

// Inclusive, in the unit; durations in nanoseconds.
struct Bounds {
  std::int64_t minimum;
  std::int64_t maximum;
};

// Whether `none` may be written for "no such limit".
enum class AllowNone : std::uint8_t { kNo, kYes };

// One number of the struct S. A member that is optional is absent for `none`, or where its key is.
template <class S>
struct Setting {
  std::string_view name;
  Unit unit;
  Bounds bounds;
  std::variant<base::Duration S::*, std::optional<base::Duration> S::*, std::uint64_t S::*,
               std::optional<std::uint64_t> S::*, std::optional<int> S::*>
      member;
  AllowNone none = AllowNone::kNo;
};

// Of the top level, `timeouts`, `limits`, `quarantine`, `recycle`, and the numbers of
// plugins.ALIAS, listen[].socket and routes[]. Static storage.
[[nodiscard]] std::span<const Setting<Configuration>> top_level_settings() noexcept;
[[nodiscard]] std::span<const Setting<Timeouts>> timeout_settings() noexcept;
[[nodiscard]] std::span<const Setting<Limits>> limit_settings() noexcept;
[[nodiscard]] std::span<const Setting<Quarantine>> quarantine_settings() noexcept;
[[nodiscard]] std::span<const Setting<Recycle>> recycle_settings() noexcept;
[[nodiscard]] std::span<const Setting<Plugin>> plugin_settings() noexcept;
[[nodiscard]] std::span<const Setting<SocketOptions>> socket_settings() noexcept;
[[nodiscard]] std::span<const Setting<Route>> route_settings() noexcept;

// The value of a setting as the file writes it: "64", "32KiB", "1m30s", "none".
template <class S>
[[nodiscard]] std::string value_text(const Setting<S>& setting, const S& source);

// Sets the members whose keys stand in `section`; what is malformed or out of bounds is reported
// and left at its default.
template <class S>
void apply(std::span<const Setting<S>> settings, const Section& section, S& target, Report& report);

// Reads the sections `timeouts`, `limits`, `quarantine` and `recycle` with what has to hold between
// their numbers.
[[nodiscard]] Timeouts read_timeouts(const Node& node, Report& report);
[[nodiscard]] Limits read_limits(const Node& node, Report& report);
// `off`: never.
[[nodiscard]] Quarantine read_quarantine(const Node& node, Report& report);
// `off`: never.
[[nodiscard]] Recycle read_recycle(const Node& node, Report& report);

}  // namespace berth::config
