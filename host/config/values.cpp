#include "config/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

#include "config/printable.h"

namespace berth::config {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDigits = "0123456789";
constexpr base::Duration kLongestDuration = 87600h;

struct TimeUnit {
  std::string_view name;
  base::Duration length;
};
// The larger first: the order they have to be written in.
constexpr std::array<TimeUnit, 4> kTimeUnits{{{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};

struct SizeUnit {
  std::string_view name;
  unsigned shift;
};
constexpr std::array<SizeUnit, 5> kSizeUnits{
    {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}}};

base::Failure<Misspelling> wrong(std::string what, std::string help) {
  return base::fail(Misspelling{std::move(what), std::move(help)});
}

std::string_view take_digits(std::string_view& text) noexcept {
  const std::string_view digits = text.substr(0, text.find_first_not_of(kDigits));
  text.remove_prefix(digits.size());
  return digits;
}

bool leading_zero(std::string_view digits) noexcept {
  return digits.size() > 1 && digits.front() == '0';
}

template <class T>
std::optional<T> to_number(std::string_view text) noexcept {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stopped, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stopped != end) return std::nullopt;
  return value;
}

base::Failure<Misspelling> zero_in_front(std::string_view text) {
  return wrong(quote(text) + " begins with a zero, which some read as octal",
               "write the number without leading zeros");
}

bool is_json_number(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::string_view whole = take_digits(text);
  if (whole.empty() || leading_zero(whole)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits(text).empty()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits(text).empty()) return false;
  }
  return text.empty();
}

// What is said about a unit that is none of ours: k, KB, mb, Kib, kilobytes...
base::Failure<Misspelling> wrong_size_unit(std::string_view text, std::string_view digits,
                                           std::string_view unit) {
  const char first = unit.empty() ? '\0' : static_cast<char>(unit.front() & ~0x20);
  const auto* const meant =
      std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                   [first](const SizeUnit& known) { return known.name.front() == first; });
  const bool word = unit.find_first_not_of("bkmgtiBKMGTI") == std::string_view::npos;
  if (meant == kSizeUnits.end() || !word || unit.size() > 3) {
    return wrong(quote(text) + " is not a size", "write a number and B, KiB, MiB, GiB or TiB");
  }
  const std::string spelled = std::string(digits) + std::string(meant->name);
  if (unit.size() == 3 || meant->shift == 0) {
    return wrong(quote(text) + " is not a size", "write " + spelled);
  }
  return wrong(quote(text) + " is ambiguous: some read it as 1000, some as 1024",
               "write " + spelled + " (factor 1024)");
}

}  // namespace

Parsed<std::int64_t> parse_integer(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const std::string_view digits = take_digits(rest);
  if (leading_zero(digits) && rest.empty()) return zero_in_front(text);
  if (digits.empty() || !rest.empty()) {
    return wrong(quote(text) + " is not a whole number", "write decimal digits, such as 100");
  }
  const auto value = to_number<std::int64_t>(text);
  if (!value) return wrong(quote(text) + " does not fit 64 bits", "write a smaller number");
  return *value;
}

Parsed<double> parse_number(std::string_view text) {
  if (!is_json_number(text)) {
    return wrong(quote(text) + " is not a number", "write it as in JSON, such as 0.5, -12 or 1e9");
  }
  const auto value = to_number<double>(text);
  if (!value) return wrong(quote(text) + " does not fit a double", "write a smaller number");
  return *value;
}

Parsed<base::Duration> parse_duration(std::string_view text) {
  std::string_view rest = text;
  base::Duration sum{0};
  std::size_t next_unit = 0;
  do {
    const std::string_view digits = take_digits(rest);
    const std::string_view unit = rest.substr(0, rest.find_first_of(kDigits));
    if (digits.empty() || unit.starts_with('.') || unit.starts_with(',')) {
      return wrong(quote(text) + " is not a duration",
                   "write whole numbers with h, m, s or ms, such as 1m30s or 500ms");
    }
    if (unit.empty()) {
      const std::string number(digits);
      return wrong(quote(text) + " has no unit", "write " + number + "s or " + number + "ms");
    }
    const auto* const known =
        std::find_if(kTimeUnits.begin(), kTimeUnits.end(),
                     [unit](const TimeUnit& candidate) { return candidate.name == unit; });
    if (known == kTimeUnits.end()) {
      return wrong(quote(text) + " is not a duration: there is no unit " + quote(unit),
                   "the units are h, m, s and ms, such as 1m30s or 500ms");
    }
    const auto index = static_cast<std::size_t>(known - kTimeUnits.begin());
    if (index < next_unit) {
      return wrong(quote(text) + " is not a duration: each unit once, the larger first",
                   "write it as 1h30m10s");
    }
    if (leading_zero(digits)) return zero_in_front(text);
    const auto count = to_number<std::int64_t>(digits);
    if (!count || *count > kLongestDuration / known->length) {
      return wrong(quote(text) + " is too long a duration", "at most 87600h (ten years)");
    }
    sum += *count * known->length;
    next_unit = index + 1;
    rest.remove_prefix(unit.size());
  } while (!rest.empty());
  if (sum > kLongestDuration) {
    return wrong(quote(text) + " is too long a duration", "at most 87600h (ten years)");
  }
  return sum;
}

Parsed<std::uint64_t> parse_bytes(std::string_view text) {
  std::string_view unit = text;
  const std::string_view digits = take_digits(unit);
  if (digits.empty()) {
    return wrong(quote(text) + " is not a size", "write a number and B, KiB, MiB, GiB or TiB");
  }
  if (unit.empty()) {
    const std::string number(digits);
    return wrong(quote(text) + " has no unit", "write " + number + "B or " + number + "KiB");
  }
  const auto* const known =
      std::find_if(kSizeUnits.begin(), kSizeUnits.end(),
                   [unit](const SizeUnit& candidate) { return candidate.name == unit; });
  if (known == kSizeUnits.end()) return wrong_size_unit(text, digits, unit);
  if (leading_zero(digits)) return zero_in_front(text);
  const auto count = to_number<std::uint64_t>(digits);
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (!count || *count > kMost >> known->shift) {
    return wrong(quote(text) + " is too large a size", "write a smaller number");
  }
  return *count << known->shift;
}

Parsed<std::uint64_t> parse_rate(std::string_view text) {
  if (!text.ends_with("/s")) {
    return wrong(quote(text) + " is not a rate", "write a size and /s, such as 500B/s or 1KiB/s");
  }
  return parse_bytes(text.substr(0, text.size() - 2));
}

std::string format_duration(base::Duration duration) {
  std::string text;
  for (const TimeUnit& unit : kTimeUnits) {
    const auto count = duration / unit.length;
    if (count == 0) continue;
    text += std::to_string(count) + std::string(unit.name);
    duration -= count * unit.length;
  }
  return text.empty() ? "0s" : text;
}

std::string format_bytes(std::uint64_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    const std::uint64_t size = std::uint64_t{1} << unit.shift;
    if (bytes >= size && bytes % size == 0) {
      return std::to_string(bytes / size) + std::string(unit.name);
    }
  }
  return "0B";
}

}  // namespace berth::config
