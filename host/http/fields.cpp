#include "http/fields.h"

#include <cassert>
#include <functional>
#include <limits>

#include "http/token.h"

namespace berth::http {

void Fields::add(std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  assert(!points_into(name) && !points_into(value));
  assert(name.size() + value.size() < std::numeric_limits<std::uint32_t>::max() - text_.size());
  const std::size_t at = text_.size();
  entries_.reserve(entries_.size() + 1);  // before the text grows: all or nothing
  text_.append(name);
  text_.append(value);
  entries_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
}

void Fields::set(std::string_view name, std::string_view value) {
  assert(is_token(name) && is_field_value(value));
  assert(!points_into(name) && !points_into(value));
  const std::size_t index = index_of(name, 0);
  if (index == size()) return add(name, value);
  for (std::size_t other = index_of(name, index + 1); other < size();) {
    remove_at(other);
    other = index_of(name, other);
  }
  Entry& entry = entries_[index];
  text_.replace(entry.at + entry.name_size, entry.value_size, value);
  move_text(index + 1, static_cast<std::ptrdiff_t>(value.size()) -
                           static_cast<std::ptrdiff_t>(entry.value_size));
  entry.value_size = static_cast<std::uint32_t>(value.size());
}

std::size_t Fields::remove(std::string_view name) noexcept {
  assert(!points_into(name));
  const std::size_t before = size();
  for (std::size_t index = index_of(name, 0); index < size(); index = index_of(name, index)) {
    remove_at(index);
  }
  return before - size();
}

void Fields::clear() noexcept {
  text_.clear();
  entries_.clear();
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
  const std::size_t bytes = entry.name_size + entry.value_size;
  text_.erase(entry.at, bytes);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  move_text(index, -static_cast<std::ptrdiff_t>(bytes));
}

void Fields::move_text(std::size_t from_entry, std::ptrdiff_t bytes) noexcept {
  for (std::size_t index = from_entry; index < size(); ++index) {
    entries_[index].at =
        static_cast<std::uint32_t>(static_cast<std::ptrdiff_t>(entries_[index].at) + bytes);
  }
}

bool Fields::points_into(std::string_view view) const noexcept {
  const std::less<> before;
  return !view.empty() && !before(view.data(), text_.data()) &&
         before(view.data(), text_.data() + text_.size());
}

}  // namespace berth::http
