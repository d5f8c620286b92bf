// The variables a configuration may refer to: a snapshot, taken before any plugin loads and could
// change them. Not the process's environment itself.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace berth::config {

// Immutable once made; any number of threads may read it.
class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  // No variable is set.
  Environment() = default;
  explicit Environment(Variables variables);

  // All of environ(7), as it is now. To be called while there is one thread.
  [[nodiscard]] static Environment of_process();

  // All of them, by name. Valid as long as this object.
  [[nodiscard]] const Variables& variables() const noexcept { return variables_; }
  // Null: not set. Any bytes but NUL. Valid as long as this object.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;

 private:
  Variables variables_;
};

}  // namespace berth::config
