// What the releases and the clients that ask them have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::reload {

inline constexpr int kStreamLines = 20;
inline constexpr std::size_t kStreamLineBytes = 1024;

// FNV-1a: every byte and its place count.
class Checksum {
 public:
  void add(std::string_view bytes) noexcept {
    for (const char byte : bytes) {
      sum_ = (sum_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
    size_ += bytes.size();
  }
  [[nodiscard]] std::string text() const {
    return std::to_string(size_) + " bytes, checksum " + std::to_string(sum_);
  }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325U;
  std::size_t size_ = 0;
};

}  // namespace berth::reload
