// The spellings of numbers, durations and sizes in berth.yaml: our own, stricter than YAML's. Not
// ranges: those stand beside each key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace berth::config {

// Why a text is not what it should be. Texts as in Diagnostic.
struct Misspelling {
  std::string what;
  std::string help;
  std::string suggestion = {};
};

template <class T>
using Parsed = base::Result<T, Misspelling>;

// Decimal digits with an optional minus: "0", "-12". Leading zeros, +, 0x, _ and what does not fit
// 64 bits are refused.
[[nodiscard]] Parsed<std::int64_t> parse_integer(std::string_view text);

// A JSON number (RFC 8259 s6) that fits a double.
[[nodiscard]] Parsed<double> parse_number(std::string_view text);

// One or more of <digits>{h,m,s,ms}, each unit once, the larger first: "500ms", "1m30s". No
// fraction, sign or leading zeros; at most 87600h (ten years).
[[nodiscard]] Parsed<base::Duration> parse_duration(std::string_view text);

// <digits>{B,KiB,MiB,GiB,TiB} in bytes, factors of 1024. `k`, `KB`, `kb` and the like are refused:
// some read them as 1000, some as 1024. At most 2^63-1 bytes.
[[nodiscard]] Parsed<std::uint64_t> parse_bytes(std::string_view text);

// A size with "/s" behind it, in bytes per second: "500B/s".
[[nodiscard]] Parsed<std::uint64_t> parse_rate(std::string_view text);

// The shortest spelling that parses to the same: "1m30s", "64KiB". Whole milliseconds only: what is
// below is dropped.
[[nodiscard]] std::string format_duration(base::Duration duration);
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

}  // namespace berth::config
