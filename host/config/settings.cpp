#include "config/settings.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <type_traits>
#include <vector>

#include "config/printable.h"
#include "config/values.h"

namespace berth::config {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kGiB = 1024 * kMiB;
constexpr std::int64_t kTiB = 1024 * kGiB;

constexpr Bounds between(base::Duration minimum, base::Duration maximum) {
  return {minimum.count(), maximum.count()};
}

constexpr Bounds kHandlerBounds = between(1ms, 24h);
constexpr Bounds kBodyBounds{0, kTiB};

constexpr Bounds kDrainBounds = between(0s, 24h);

constexpr std::array<Setting<Configuration>, 1> kTopLevel{{
    {"generations", Unit::kCount, {1, 100}, &Configuration::generations},
}};

constexpr std::array<Setting<Timeouts>, 10> kTimeouts{{
    {"header", Unit::kDuration, between(1ms, 1h), &Timeouts::header},
    {"body_grace", Unit::kDuration, between(0s, 1h), &Timeouts::body_grace},
    {"write_stall", Unit::kDuration, between(1ms, 24h), &Timeouts::write_stall},
    {"idle", Unit::kDuration, between(1ms, 24h), &Timeouts::idle},
    {"linger", Unit::kDuration, between(0s, 1min), &Timeouts::linger},
    {"handler", Unit::kDuration, kHandlerBounds, &Timeouts::handler, AllowNone::kYes},
    {"drain_delay", Unit::kDuration, between(0s, 1h), &Timeouts::drain_delay},
    {"shutdown", Unit::kDuration, between(0s, 24h), &Timeouts::shutdown},
    {"drain", Unit::kDuration, kDrainBounds, &Timeouts::drain},
    {"probe", Unit::kDuration, between(1ms, 1h), &Timeouts::probe},
}};

constexpr std::array<Setting<Limits>, 14> kLimits{{
    {"header_block", Unit::kBytes, {kKiB, kMiB}, &Limits::header_block},
    {"header_fields", Unit::kCount, {1, 10'000}, &Limits::header_fields},
    {"target", Unit::kBytes, {64, kMiB}, &Limits::target},
    {"chunk_line", Unit::kBytes, {16, 64 * kKiB}, &Limits::chunk_line},
    {"chunk_excess", Unit::kBytes, {0, 16 * kMiB}, &Limits::chunk_excess},
    {"body", Unit::kBytes, kBodyBounds, &Limits::body, AllowNone::kYes},
    {"body_rate", Unit::kBytesPerSecond, {1, kGiB}, &Limits::body_rate},
    {"unread_body", Unit::kBytes, {0, kGiB}, &Limits::unread_body},
    {"unsent", Unit::kBytes, {4 * kKiB, kGiB}, &Limits::unsent},
    {"read_buffer", Unit::kBytes, {16 * kKiB, 16 * kMiB}, &Limits::read_buffer},
    {"connections", Unit::kCount, {1, 1'000'000}, &Limits::connections},
    {"threads", Unit::kCount, {1, 4096}, &Limits::threads},
    {"client_waits", Unit::kCount, {1, 4096}, &Limits::client_waits},
    {"buffered", Unit::kBytes, {kMiB, kTiB}, &Limits::buffered},
}};

constexpr std::array<Setting<Quarantine>, 2> kQuarantine{{
    {"crashes", Unit::kCount, {1, 100}, &Quarantine::crashes},
    {"within", Unit::kDuration, between(1s, 24h), &Quarantine::within},
}};

constexpr std::array<Setting<Recycle>, 3> kRecycle{{
    {"retired_images", Unit::kCount, {0, 10'000}, &Recycle::retired_images, AllowNone::kYes},
    {"memory", Unit::kBytes, {kMiB, 64 * kTiB}, &Recycle::memory, AllowNone::kYes},
    {"age", Unit::kDuration, between(1min, 365 * 24h), &Recycle::age, AllowNone::kYes},
}};

constexpr std::array<Setting<Plugin>, 2> kPlugin{{
    {"drain", Unit::kDuration, kDrainBounds, &Plugin::drain},
    {"threads", Unit::kCount, {1, 4096}, &Plugin::threads},
}};

// The kernel doubles buffer sizes and has minima near 4 KiB (socket(7)).
constexpr std::array<Setting<SocketOptions>, 3> kSocket{{
    {"backlog", Unit::kCount, {1, 65'535}, &SocketOptions::backlog},
    {"receive_buffer", Unit::kBytes, {4 * kKiB, kGiB}, &SocketOptions::receive_buffer},
    {"send_buffer", Unit::kBytes, {4 * kKiB, kGiB}, &SocketOptions::send_buffer},
}};

constexpr std::array<Setting<Route>, 2> kRoute{{
    {"timeout", Unit::kDuration, kHandlerBounds, &Route::timeout, AllowNone::kYes},
    {"max_body", Unit::kBytes, kBodyBounds, &Route::max_body, AllowNone::kYes},
}};

std::string format(std::int64_t value, Unit unit) {
  switch (unit) {
    case Unit::kCount:
      return std::to_string(value);
    case Unit::kBytes:
      return format_bytes(static_cast<std::uint64_t>(value));
    case Unit::kBytesPerSecond:
      return format_bytes(static_cast<std::uint64_t>(value)) + "/s";
    case Unit::kDuration:
      return format_duration(base::Duration(value));
  }
  return {};
}

std::optional<std::int64_t> refuse(const Node& node, const Misspelling& error, Report& report) {
  report.error(node.position(), error.what, error.help);
  return std::nullopt;
}

std::optional<std::int64_t> read(const Node& node, Unit unit, Report& report) {
  switch (unit) {
    case Unit::kCount:
      return report.take(node.as_int64());
    case Unit::kDuration: {
      const auto duration = report.take(node.as_duration());
      return duration ? std::optional(duration->count()) : std::nullopt;
    }
    case Unit::kBytes: {
      const auto bytes = report.take(node.as_bytes());
      return bytes ? std::optional(static_cast<std::int64_t>(*bytes)) : std::nullopt;
    }
    case Unit::kBytesPerSecond: {
      const auto text = report.take(node.as_string());
      if (!text) return std::nullopt;
      const auto rate = parse_rate(*text);
      return rate ? std::optional(static_cast<std::int64_t>(*rate))
                  : refuse(node, rate.error(), report);
    }
  }
  return std::nullopt;
}

template <class S>
std::optional<std::int64_t> read_in_bounds(const Setting<S>& setting, const Node& node,
                                           Report& report) {
  const auto value = read(node, setting.unit, report);
  if (!value) return std::nullopt;
  const auto [minimum, maximum] = setting.bounds;
  if (*value >= minimum && *value <= maximum) return value;
  const bool below = *value < minimum;
  std::string help = below ? "at least " + format(minimum, setting.unit)
                           : "at most " + format(maximum, setting.unit);
  if (!below && setting.none == AllowNone::kYes) help += ", or none";
  report.error(node.position(),
               "`" + std::string(setting.name) + "` is too " + (below ? "small" : "large"),
               std::move(help));
  return std::nullopt;
}

constexpr std::array<std::string_view, 6> kWordsForNone{"never",    "no",  "off",
                                                        "infinite", "inf", "unlimited"};

// `none`, or a word for it, which is reported.
bool says_none(const Node& node, Report& report) {
  if (node.text() == "none") return true;
  if (std::find(kWordsForNone.begin(), kWordsForNone.end(), node.text()) == kWordsForNone.end()) {
    return false;
  }
  report.error(node.position(), quote(node.text()) + " is not understood here", "write none");
  return true;
}

template <class T>
T converted(std::int64_t value) {
  if constexpr (std::is_same_v<T, base::Duration> ||
                std::is_same_v<T, std::optional<base::Duration>>) {
    return base::Duration(value);
  } else if constexpr (std::is_same_v<T, std::optional<int>>) {
    return static_cast<int>(value);
  } else {
    return static_cast<std::uint64_t>(value);
  }
}

std::string text_of(base::Duration value, Unit) { return format_duration(value); }
std::string text_of(std::uint64_t value, Unit unit) {
  return format(static_cast<std::int64_t>(value), unit);
}
std::string text_of(int value, Unit unit) { return format(value, unit); }
template <class T>
std::string text_of(const std::optional<T>& value, Unit unit) {
  return value ? text_of(*value, unit) : "none";
}

template <class S>
std::vector<Key> keys_of(std::span<const Setting<S>> settings) {
  std::vector<Key> keys;
  for (const Setting<S>& setting : settings) keys.push_back(Key{setting.name});
  return keys;
}

}  // namespace

std::span<const Setting<Configuration>> top_level_settings() noexcept { return kTopLevel; }
std::span<const Setting<Timeouts>> timeout_settings() noexcept { return kTimeouts; }
std::span<const Setting<Limits>> limit_settings() noexcept { return kLimits; }
std::span<const Setting<Quarantine>> quarantine_settings() noexcept { return kQuarantine; }
std::span<const Setting<Recycle>> recycle_settings() noexcept { return kRecycle; }
std::span<const Setting<Plugin>> plugin_settings() noexcept { return kPlugin; }
std::span<const Setting<SocketOptions>> socket_settings() noexcept { return kSocket; }
std::span<const Setting<Route>> route_settings() noexcept { return kRoute; }

template <class S>
std::string value_text(const Setting<S>& setting, const S& source) {
  return std::visit([&](auto member) { return text_of(source.*member, setting.unit); },
                    setting.member);
}

template std::string value_text(const Setting<Configuration>&, const Configuration&);
template std::string value_text(const Setting<Timeouts>&, const Timeouts&);
template std::string value_text(const Setting<Limits>&, const Limits&);
template std::string value_text(const Setting<Quarantine>&, const Quarantine&);
template std::string value_text(const Setting<Recycle>&, const Recycle&);
template std::string value_text(const Setting<Plugin>&, const Plugin&);
template std::string value_text(const Setting<SocketOptions>&, const SocketOptions&);
template std::string value_text(const Setting<Route>&, const Route&);

template <class S>
void apply(std::span<const Setting<S>> settings, const Section& section, S& target,
           Report& report) {
  for (const Setting<S>& setting : settings) {
    const Node* const node = section.get(setting.name);
    if (node == nullptr) continue;
    if (setting.none == AllowNone::kYes && says_none(*node, report)) {
      std::visit(
          [&target](auto member) {
            using T = std::remove_reference_t<decltype(target.*member)>;
            target.*member = T{};
          },
          setting.member);
      continue;
    }
    const auto value = read_in_bounds(setting, *node, report);
    if (!value) continue;
    std::visit(
        [&target, &value](auto member) {
          using T = std::remove_reference_t<decltype(target.*member)>;
          target.*member = converted<T>(*value);
        },
        setting.member);
  }
}

template void apply(std::span<const Setting<Configuration>>, const Section&, Configuration&,
                    Report&);
template void apply(std::span<const Setting<Plugin>>, const Section&, Plugin&, Report&);
template void apply(std::span<const Setting<SocketOptions>>, const Section&, SocketOptions&,
                    Report&);
template void apply(std::span<const Setting<Route>>, const Section&, Route&, Report&);

Timeouts read_timeouts(const Node& node, Report& report) {
  const std::vector<Key> keys = keys_of(timeout_settings());
  const Section section(node, "`timeouts`", keys, report);
  Timeouts timeouts;
  apply(timeout_settings(), section, timeouts, report);
  return timeouts;
}

Limits read_limits(const Node& node, Report& report) {
  const std::vector<Key> keys = keys_of(limit_settings());
  const Section section(node, "`limits`", keys, report);
  Limits limits;
  apply(limit_settings(), section, limits, report);
  const Node* const waits = section.get("client_waits");
  if (waits == nullptr) {
    limits.client_waits = std::max<std::uint64_t>(limits.threads / 2, 1);
  } else if (limits.client_waits > limits.threads) {
    report.error(
        waits->position(),
        "`client_waits` is larger than `threads`, which is " + std::to_string(limits.threads),
        "they are the threads among them that may wait for clients");
  }
  const Node* const target = section.get("target");
  if (target == nullptr) {
    limits.target = std::min(limits.target, limits.header_block);
  } else if (limits.target > limits.header_block) {
    report.error(
        target->position(),
        "`target` is larger than `header_block`, which is " + format_bytes(limits.header_block),
        "the request target is a part of the header block");
  }
  return limits;
}

Quarantine read_quarantine(const Node& node, Report& report) {
  Quarantine quarantine;
  if (node.is_scalar() && node.text() == "off") {
    quarantine.crashes = 0;
    return quarantine;
  }
  if (node.is_scalar()) {
    report.error(node.position(), quote(node.text()) + " is not understood here",
                 "write off, or { crashes: 3, within: 60s }");
    return quarantine;
  }
  const std::vector<Key> keys = keys_of(quarantine_settings());
  const Section section(node, "`quarantine`", keys, report);
  apply(quarantine_settings(), section, quarantine, report);
  return quarantine;
}

Recycle read_recycle(const Node& node, Report& report) {
  Recycle recycle;
  if (node.is_scalar() && node.text() == "off") {
    recycle.retired_images.reset();
    return recycle;
  }
  if (node.is_scalar()) {
    report.error(node.position(), quote(node.text()) + " is not understood here",
                 "write off, or { retired_images: 16, memory: 2GiB, age: 168h }");
    return recycle;
  }
  const std::vector<Key> keys = keys_of(recycle_settings());
  const Section section(node, "`recycle`", keys, report);
  apply(recycle_settings(), section, recycle, report);
  return recycle;
}

}  // namespace berth::config
