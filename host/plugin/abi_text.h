// Between the strings of the ABI and string_view. Views and strings live exactly as long as what
// they were made from.
#pragma once

#include <berth/abi.h>

#include <optional>
#include <string_view>

namespace berth::plugin {

// The ABI tells an empty string from an absent one by the address.
[[nodiscard]] inline berth_str present(std::string_view text) noexcept {
  return {text.data() != nullptr ? text.data() : "", text.size()};
}
[[nodiscard]] inline berth_str absent() noexcept { return {nullptr, 0}; }
[[nodiscard]] inline berth_str present_or_absent(
    const std::optional<std::string_view>& text) noexcept {
  return text ? present(*text) : absent();
}

// A string of the plugin: no bytes and no address is an empty one.
[[nodiscard]] inline bool is_valid(berth_str text) noexcept {
  return text.data != nullptr || text.size == 0;
}
// REQUIRES: is_valid(text).
[[nodiscard]] inline std::string_view view(berth_str text) noexcept {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

}  // namespace berth::plugin
