#include "http/fields.h"

#include <cassert>
#include <cstring>
#include <functional>
#include <limits>

#include "base/short_text.h"
#include "http/token.h"

namespace berth::http {
using base::copy_text;

void Fields::set_among(std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  assert(!points_into(name) && !points_into(value));
  const std::size_t index = index_of(name, 0);
  if (index == size()) return add(name, value);
  for (std::size_t other = index_of(name, index + 1); other < size();) {
    remove_at(other);
    other = index_of(name, other);
  }
  if (entries_[index].value_size == value.size()) {
    copy_text(text_.data() + entries_[index].at + name.size() + kColon, value);
    return;
  }
  replace_value(index, value);
}

// A length that differs moves every line behind it.
void Fields::replace_value(std::size_t index, std::string_view value) {
  Entry& entry = entries_[index];
  const std::size_t value_at = entry.at + entry.name_size + kColon;
  const std::size_t behind = value_at + entry.value_size;
  const std::size_t moved = text_.size() - behind;
  if (value.size() > entry.value_size) {
    static_cast<void>(text_.extend(value.size() - entry.value_size));
  }
  char* const at = text_.data() + value_at;
  std::memmove(at + value.size(), text_.data() + behind, moved);
  copy_text(at, value);
  text_.truncate(value_at + value.size() + moved);
  // Unsigned and of 32 bits, so that a shorter value brings them back by wrapping around.
  const std::uint32_t difference = static_cast<std::uint32_t>(value.size()) - entry.value_size;
  entry.value_size = static_cast<std::uint32_t>(value.size());
  for (std::size_t i = index + 1; i < size(); ++i) entries_[i].at += difference;
}

std::size_t Fields::remove(std::string_view name) noexcept {
  assert(!points_into(name));
  const std::size_t before = size();
  for (std::size_t index = index_of(name, 0); index < size(); index = index_of(name, index)) {
    remove_at(index);
  }
  return before - size();
}

std::optional<std::string_view> Fields::find(std::string_view name) const noexcept {
  const std::size_t index = index_of(name, 0);
  if (index == size()) return std::nullopt;
  return at(index).value;
}

bool Fields::contains(std::string_view name) const noexcept { return index_of(name, 0) != size(); }

std::size_t Fields::index_of(std::string_view name, std::size_t from) const noexcept {
  for (std::size_t index = from; index < size(); ++index) {
    const Entry& entry = entries_[index];
    if (entry.name_size == name.size() && equal_ignoring_case(at(index).name, name)) return index;
  }
  return size();
}

void Fields::remove_at(std::size_t index) noexcept {
  const Entry entry = entries_[index];
  const std::size_t behind = entry.at + entry.bytes();
  std::memmove(text_.data() + entry.at, text_.data() + behind, text_.size() - behind);
  text_.truncate(text_.size() - entry.bytes());
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  for (std::size_t i = index; i < size(); ++i) {
    entries_[i].at -= static_cast<std::uint32_t>(entry.bytes());
  }
}

bool Fields::points_into(std::string_view view) const noexcept {
  const std::less<> before;
  return !view.empty() && !before(view.data(), text_.data()) &&
         before(view.data(), text_.data() + text_.size());
}

}  // namespace berth::http
