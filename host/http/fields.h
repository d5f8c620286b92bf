// Field lines (headers or trailers) that we build ourselves, in order; not the view of a received
// head, which is RequestHead.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/short_text.h"
#include "http/token.h"

namespace berth::http {

// One field line. Views into whoever made it.
struct Field {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const Field&, const Field&) = default;
};

// An ordered list of field lines; names keep their spelling and are compared ignoring case. All
// text lies in one buffer and clear() keeps its memory, so that a thread's Fields allocates nothing
// once it has seen its largest response.
//
// Every view handed out (find, at, iteration) dies at the next add, set, remove, clear or move.
// Not for several threads at once. Names and values have to be valid (is_token, is_field_value):
// whoever takes them from outside checks, here it is asserted. They must not point into this
// Fields.
class Fields {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using pointer = const Field*;
    using reference = Field;

    Iterator(const Fields& fields, std::size_t index) noexcept : fields_(&fields), index_(index) {}
    [[nodiscard]] Field operator*() const noexcept { return fields_->at(index_); }
    Iterator& operator++() noexcept {
      ++index_;
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
      return a.index_ == b.index_;
    }

   private:
    const Fields* fields_;
    std::size_t index_;
  };

  Fields() = default;
  Fields(Fields&&) noexcept = default;
  Fields& operator=(Fields&&) noexcept = default;
  Fields(const Fields& other) : entries_(other.entries_) { text_.append(other.wire()); }
  Fields& operator=(const Fields& other) { return *this = Fields(other); }
  ~Fields() = default;

  // Appends a line; lines of the same name stay.
  void add(std::string_view name, std::string_view value);
  // One line of this name is left: the first one gets the value where it stands, others go. Appends
  // if there was none.
  [[gnu::always_inline]] void set(std::string_view name, std::string_view value) {
    if (empty()) return add(name, value);
    set_among(name, value);
  }
  // Removes every line of this name; says how many there were.
  std::size_t remove(std::string_view name) noexcept;
  // Keeps the memory.
  void clear() noexcept {
    text_.clear();
    entries_.clear();
  }

  // The value of the first line of this name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] bool contains(std::string_view name) const noexcept;

  // Number of lines.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  // As they go over the wire: each line as "name: value CR LF" (RFC 9112 s5).
  [[nodiscard]] std::string_view wire() const noexcept { return text_.view(); }
  // Bytes of wire().
  [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }
  // REQUIRES: index < size().
  [[nodiscard]] Field at(std::size_t index) const noexcept {
    const Entry& entry = entries_[index];
    const char* name = text_.data() + entry.at;
    return {{name, entry.name_size}, {name + entry.name_size + kColon, entry.value_size}};
  }
  // Whether a view points into this Fields, so that it would die at a change.
  [[nodiscard]] bool owns(std::string_view view) const noexcept {
    return !empty() && points_into(view);
  }
  [[nodiscard]] Iterator begin() const noexcept { return {*this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {*this, size()}; }

 private:
  static constexpr std::size_t kColon = 2;    // ": "
  static constexpr std::size_t kLineEnd = 2;  // CR LF

  // text_ is the lines as they are sent, in the order of entries_ and without gaps: sending them is
  // one copy.
  struct Entry {
    std::uint32_t at;
    std::uint32_t name_size;
    std::uint32_t value_size;
    [[nodiscard]] std::size_t bytes() const noexcept {
      return name_size + kColon + value_size + kLineEnd;
    }
  };

  void set_among(std::string_view name, std::string_view value);
  [[nodiscard]] std::size_t index_of(std::string_view name, std::size_t from) const noexcept;
  void replace_value(std::size_t index, std::string_view value);
  void remove_at(std::size_t index) noexcept;
  [[nodiscard]] bool points_into(std::string_view view) const noexcept;

  base::Buffer text_;
  std::vector<Entry> entries_;
};

[[gnu::always_inline]] inline void Fields::add(std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  assert(!points_into(name) && !points_into(value));
  assert(name.size() + value.size() < std::numeric_limits<std::uint32_t>::max() - text_.size());
  const Entry entry{static_cast<std::uint32_t>(text_.size()),
                    static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())};
  // Memory first: what throws has changed nothing.
  if (entries_.size() == entries_.capacity()) entries_.reserve(2 * entries_.size() + 8);
  char* at = base::copy_text(text_.extend(entry.bytes()), name);
  entries_.push_back(entry);
  at = base::copy_text(base::copy_text(at, ": "), value);
  base::copy_text(at, "\r\n");
}

}  // namespace berth::http
