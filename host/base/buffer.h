// A growing run of bytes that keeps its memory: what std::string is, without writing zeros first.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/short_text.h"

namespace berth::base {

// Movable. Pointers and views into it die when it grows, is cleared or moved. Not for several
// threads at once.
class Buffer {
 public:
  Buffer() noexcept = default;
  Buffer(Buffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() = default;

  [[nodiscard]] char* data() noexcept { return bytes_.get(); }
  [[nodiscard]] const char* data() const noexcept { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  // `count` more bytes behind the end, for the caller to write all of.
  [[nodiscard]] char* extend(std::size_t count) {
    if (capacity_ - size_ < count) grow(size_ + count);
    char* const at = bytes_.get() + size_;
    size_ += count;
    return at;
  }
  [[gnu::always_inline]] void append(std::string_view bytes) {
    if (!bytes.empty()) copy_text(extend(bytes.size()), bytes);
  }
  // REQUIRES: size <= this->size().
  void truncate(std::size_t size) noexcept {
    assert(size <= size_);
    size_ = size;
  }
  // REQUIRES: count <= size().
  void erase_front(std::size_t count) noexcept {
    assert(count <= size_);
    if (count == 0) return;
    size_ -= count;
    if (size_ > 0) std::memmove(bytes_.get(), bytes_.get() + count, size_);
  }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  // Keeps the memory.
  void clear() noexcept { size_ = 0; }

 private:
  void grow(std::size_t least) {
    const std::size_t capacity = std::max({least, 2 * capacity_, std::size_t{256}});
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace berth::base
