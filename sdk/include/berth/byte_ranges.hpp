// The Range field of a request (RFC 9110 s14.1, s14.2) as parts of what it asks for; other units
// than bytes it does not know. It sends nothing.
#pragma once

#include <berth/field_text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace berth {

// `length` bytes from `first` on; never empty.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// A value of fixed size: nothing is allocated for what a client sends.
class ByteRanges {
 public:
  // More are no reader's (CVE-2011-3192): the whole is sent instead.
  static constexpr std::size_t kMost = 16;

  enum class Kind : std::uint8_t {
    whole,         // 200: nothing is asked for, or nothing that has to be heeded
    parts,         // 206
    unsatisfiable  // 416: all that is asked for lies behind the end
  };

  // `field`: the value of Range; `size`: of what there is. The whole is sent for another unit, for
  // what is malformed anywhere, for nothing (size 0), for more than kMost ranges, and where two
  // overlap, so that no byte is sent twice (RFC 9110 s14.2 allows all of these; Go). Ranges behind
  // the end are left out as long as there are others.
  [[nodiscard]] static ByteRanges parse(std::string_view field, std::uint64_t size) noexcept {
    constexpr std::string_view kUnit = "bytes=";
    ByteRanges ranges;
    if (size == 0 || !detail::same_name(field.substr(0, kUnit.size()), kUnit)) return {};
    field.remove_prefix(kUnit.size());
    std::size_t asked = 0;
    while (!field.empty()) {
      const std::string_view spec = detail::take_until(field, ',');
      if (spec.empty()) continue;  // RFC 9110 s5.6.1.2
      if (++asked > kMost || !ranges.add(spec, size)) return {};
    }
    if (asked == 0) return {};
    ranges.kind_ = ranges.count_ == 0 ? Kind::unsatisfiable : Kind::parts;
    return ranges;
  }

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // In the order asked for, none overlapping another; empty but for Kind::parts.
  [[nodiscard]] std::span<const ByteRange> parts() const noexcept {
    return std::span(parts_).first(count_);
  }

 private:
  // False: it is malformed, or overlaps another.
  bool add(std::string_view spec, std::uint64_t size) noexcept {
    const std::optional<std::uint64_t> first = detail::take_number(spec);
    if (!spec.starts_with('-')) return false;
    spec.remove_prefix(1);
    const std::optional<std::uint64_t> last = detail::take_number(spec);
    if (!spec.empty() || (!first && !last)) return false;
    if (first && last && *last < *first) return false;
    ByteRange range;
    if (!first) {  // the last so many bytes
      range.length = std::min(*last, size);
      range.first = size - range.length;
      if (range.length == 0) return true;
    } else {
      if (*first >= size) return true;
      range.first = *first;
      range.length = std::min(last.value_or(size - 1), size - 1) - range.first + 1;
    }
    const bool overlaps = std::any_of(parts().begin(), parts().end(), [&](const ByteRange& other) {
      return range.first < other.first + other.length && other.first < range.first + range.length;
    });
    if (!overlaps) parts_[count_++] = range;
    return !overlaps;
  }

  Kind kind_ = Kind::whole;
  std::size_t count_ = 0;
  std::array<ByteRange, kMost> parts_;
};

}  // namespace berth
