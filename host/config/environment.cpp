#include "config/environment.h"

#include <unistd.h>

#include <utility>

namespace berth::config {

Environment::Environment(Variables variables) : variables_(std::move(variables)) {}

Environment Environment::of_process() {
  Variables variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));  // the first, as getenv(3)
  }
  return Environment(std::move(variables));
}

const std::string* Environment::find(std::string_view name) const noexcept {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

}  // namespace berth::config
