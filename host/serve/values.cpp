#include "serve/values.h"

#include "base/limits.h"

namespace berth::serve {

std::optional<std::string_view> Values::find(std::string_view name) const noexcept {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

base::Status<IoError> Values::set(std::string_view name, std::string_view value) {
  if (name.empty()) return base::fail(IoError::kInvalid);
  const auto found = entries_.find(name);
  const bool is_new = found == entries_.end();
  const std::size_t freed = is_new ? 0 : found->second.size();
  const std::size_t added = value.size() + (is_new ? name.size() : 0);
  const std::size_t room = base::limits::kValueBytes - (bytes_ - freed);
  if (added > room || (is_new && entries_.size() == base::limits::kValues)) {
    return base::fail(IoError::kTooLarge);
  }
  if (is_new) {
    entries_.emplace(name, value);
  } else {
    found->second = std::string(value);  // by move: value may be a view of it
  }
  bytes_ = bytes_ - freed + added;
  return base::done();
}

void Values::clear() noexcept {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace berth::serve
