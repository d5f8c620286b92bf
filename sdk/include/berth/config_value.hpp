// What Config::get<T>() understands; strict, so that a typing error is an error and no other value.
#pragma once

#include <berth/config.hpp>

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace berth {

// "500ms", "10s", "1m30s": numbers with units h, m, s, ms, the larger first and each once, as in
// the rest of berth.yaml. Never a bare number.
using Duration = std::chrono::nanoseconds;

// "512B", "64KiB", "1MiB", "2GiB", "1TiB". Never a bare number.
struct Bytes {
  std::uint64_t count = 0;
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

// "www", "../data", "/srv": as everywhere in berth.yaml relative to the folder of the file it
// stands in, not to the working folder. `name` is absolute; whether anything is there is not looked
// at.
struct Path {
  std::string name;
  friend bool operator==(const Path&, const Path&) = default;
};

namespace detail {

// The scalar's text, or a complaint that a `what` was expected.
inline std::string scalar(const Config& config, std::string_view what) {
  if (config.is_scalar()) return config.text();
  std::string message = "expected " + std::string(what);
  if (config.is_list()) message += ", not a list";
  if (config.is_map()) message += ", not a map";
  config.fail(message);
}
[[noreturn]] inline void unreadable(const Config& config, std::string_view what,
                                    std::string_view text) {
  config.fail("expected " + std::string(what) + ", not \"" + std::string(text) + "\"");
}
// In YAML 1.1 "010" means 8: it is refused wherever a number may stand.
constexpr bool leading_zero(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}
// A number and its unit off the front of `text`; false if there is none.
inline bool number_and_unit(std::string_view& text, std::uint64_t& number,
                            std::string_view& unit) noexcept {
  if (leading_zero(text)) return false;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(after - text.data()));
  std::size_t size = 0;
  while (size < text.size() && (text[size] < '0' || text[size] > '9')) ++size;
  unit = text.substr(0, size);
  text.remove_prefix(size);
  return size != 0;
}

}  // namespace detail

template <>
struct ConfigValue<std::string> {
  static std::string read(const Config& config) { return detail::scalar(config, "a string"); }
};

// A view would outlive the configuration: get<std::string>() returns what stays.
template <>
struct ConfigValue<std::string_view> {
  static std::string_view read(const Config& config) = delete;
};

template <>
struct ConfigValue<bool> {
  static bool read(const Config& config) {
    const std::string text = detail::scalar(config, "true or false");
    if (text == "true") return true;
    if (text == "false") return false;
    detail::unreadable(config, "true or false", text);
  }
};

// Decimal, in the range of T.
template <std::integral T>
struct ConfigValue<T> {
  static T read(const Config& config) {
    using Limits = std::numeric_limits<T>;
    const std::string what =
        "an integer from " + std::to_string(Limits::min()) + " to " + std::to_string(Limits::max());
    const std::string text = detail::scalar(config, what);
    T value{};
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || after != end || detail::leading_zero(text)) {
      detail::unreadable(config, what, text);
    }
    return value;
  }
};

// A JSON number (RFC 8259 s6): digits on both sides of a point.
template <std::floating_point T>
struct ConfigValue<T> {
  static T read(const Config& config) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::string text = detail::scalar(config, "a number");
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    const std::size_t point = text.find('.');
    const bool json = text.size() > first && digit(text[first]) && digit(text.back()) &&
                      !detail::leading_zero(text) &&
                      (point == std::string::npos || digit(text[point + 1]));
    T value{};
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, value);
    if (!json || error != std::errc{} || after != end) {
      detail::unreadable(config, "a number", text);
    }
    return value;
  }
};

template <>
struct ConfigValue<Duration> {
  static Duration read(const Config& config) {
    constexpr std::string_view kWhat = "a duration such as 500ms, 10s or 1m30s";
    constexpr std::pair<std::string_view, std::uint64_t> kUnits[] = {
        {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000}, {"ms", 1'000'000}};
    constexpr auto kMax = static_cast<std::uint64_t>(Duration::max().count());
    const std::string text = detail::scalar(config, kWhat);
    std::string_view rest = text, unit;
    std::uint64_t total = 0, number = 0;
    std::size_t next = 0;  // units before this one are used up
    do {
      if (!detail::number_and_unit(rest, number, unit)) detail::unreadable(config, kWhat, text);
      while (next < std::size(kUnits) && kUnits[next].first != unit) ++next;
      if (next == std::size(kUnits) || number > (kMax - total) / kUnits[next].second) {
        detail::unreadable(config, kWhat, text);
      }
      total += number * kUnits[next++].second;
    } while (!rest.empty());
    return Duration(static_cast<std::int64_t>(total));
  }
};

template <>
struct ConfigValue<Bytes> {
  static Bytes read(const Config& config) {
    constexpr std::string_view kWhat = "a size such as 512B, 64KiB, 1MiB or 2GiB";
    constexpr std::pair<std::string_view, unsigned> kUnits[] = {
        {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    const std::string text = detail::scalar(config, kWhat);
    std::string_view rest = text, unit;
    std::uint64_t number = 0;
    if (detail::number_and_unit(rest, number, unit) && rest.empty()) {
      for (const auto& [name, shift] : kUnits) {
        if (name == unit && number <= (UINT64_MAX >> 1 >> shift)) return {number << shift};
      }
    }
    detail::unreadable(config, kWhat, text);
  }
};

template <>
struct ConfigValue<Path> {
  static Path read(const Config& config) {
    std::string text = detail::scalar(config, "a path");
    if (text.empty()) config.fail("expected a path, not nothing");
    if (text.front() == '/') return {std::move(text)};
    const std::string file = config.file();
    const std::size_t slash = file.rfind('/');
    std::string name = slash == std::string::npos ? text : file.substr(0, slash + 1) + text;
    if (name.front() == '/') return {std::move(name)};
    const std::unique_ptr<char, void (*)(void*)> here(::getcwd(nullptr, 0), std::free);
    if (here == nullptr) config.fail("the working folder is gone");
    return {std::string(here.get()).append("/").append(name)};
  }
};

template <class T>
struct ConfigValue<std::vector<T>> {
  static std::vector<T> read(const Config& config) {
    if (!config.is_list()) config.fail("expected a list");
    std::vector<T> values;
    values.reserve(config.size());
    for (std::size_t i = 0; i < config.size(); ++i) values.push_back(config.at(i).get<T>());
    return values;
  }
};

template <class T>
struct ConfigValue<std::map<std::string, T>> {
  static std::map<std::string, T> read(const Config& config) {
    if (!config.is_map()) config.fail("expected a map");
    std::map<std::string, T> values;
    for (std::size_t i = 0; i < config.size(); ++i) {
      values.emplace(config.key(i), config.at(i).get<T>());
    }
    return values;
  }
};

}  // namespace berth
