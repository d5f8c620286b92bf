// Reads a command line of `--name value` pairs; it knows no option by itself.
#pragma once

#include <charconv>
#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace berth::bench {

// By name, with the dashes: what takes the value.
using Flags = std::map<std::string_view, std::function<void(std::string_view)>>;

// arguments[0] is the program. Throws std::invalid_argument with a sentence for the user.
void parse_flags(std::span<char* const> arguments, const Flags& known);

// Throws std::invalid_argument.
template <typename Number>
[[nodiscard]] Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("'" + std::string(text) + "' is no number in range");
  }
  return value;
}

}  // namespace berth::bench
