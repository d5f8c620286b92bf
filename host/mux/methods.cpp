#include "mux/methods.h"

#include <algorithm>

namespace berth::mux {

Methods::Id Methods::add(std::string_view method) {
  if (method.empty()) return kAny;
  const Id known = id(method);
  if (known != kUnnamed) return known;
  const Id added = static_cast<Id>(names_.size());
  const auto by_name = [this](Id id, std::string_view name) { return names_[id] < name; };
  sorted_.insert(std::lower_bound(sorted_.begin(), sorted_.end(), method, by_name), added);
  names_.emplace_back(method);
  return added;
}

Methods::Id Methods::other_id(std::string_view method) const noexcept {
  const auto by_name = [this](Id id, std::string_view name) { return names_[id] < name; };
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), method, by_name);
  return found != sorted_.end() && names_[*found] == method ? *found : kUnnamed;
}

}  // namespace berth::mux
