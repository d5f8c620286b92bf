// One line under construction: a fixed buffer that is never overrun and never grows. It escapes
// nothing (escape.h does).
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace berth::observe {

// Lives on a stack; one thread. What does not fit is left out whole, never half.
class LineBuffer {
 public:
  // Bytes of the longest line, its newline included.
  static constexpr std::size_t kCapacity = 8 * std::size_t{1024};

  // Left uninitialised: only what was added is ever read.
  LineBuffer() noexcept {}  // NOLINT(modernize-use-equals-default): that would be value-initialised
  LineBuffer(const LineBuffer&) = delete;
  LineBuffer& operator=(const LineBuffer&) = delete;

  // False, and nothing added, if it does not fit.
  bool add(std::string_view text) noexcept {
    if (text.size() > room()) return false;
    if (!text.empty()) std::memcpy(data_.data() + used_, text.data(), text.size());
    used_ += text.size();
    return true;
  }
  bool add(char c) noexcept { return add(std::string_view(&c, 1)); }
  // Decimal; a double in the shortest form that reads back the same.
  template <class Number>
  requires(std::integral<Number> ||
           std::floating_point<Number>) bool add_number(Number value) noexcept {
    char* const begin = data_.data() + used_;
    const auto [end, error] = std::to_chars(begin, begin + room(), value);
    if (error != std::errc{}) return false;
    used_ += static_cast<std::size_t>(end - begin);
    return true;
  }

  [[nodiscard]] std::size_t size() const noexcept { return used_; }
  // Bytes that may still be added: those kept back with keep() are not counted.
  [[nodiscard]] std::size_t room() const noexcept { return limit_ - used_; }
  // Keeps `bytes` at the end for what must fit later; keep(0) gives them free again.
  // REQUIRES size() + bytes <= kCapacity.
  void keep(std::size_t bytes) noexcept { limit_ = kCapacity - bytes; }
  // Takes back everything after the first `size` bytes. REQUIRES size <= size().
  void rewind(std::size_t size) noexcept { used_ = size; }
  // Into the buffer: valid until the next change.
  [[nodiscard]] std::string_view text() const noexcept { return {data_.data(), used_}; }

 private:
  std::array<char, kCapacity> data_;
  std::size_t used_ = 0;
  std::size_t limit_ = kCapacity;
};

}  // namespace berth::observe
