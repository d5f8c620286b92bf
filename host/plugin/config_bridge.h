// A plugin's view of its configuration: the config_* calls of the host table over config::Node.
// What a plugin complains about is collected here, not printed.
#pragma once

#include <berth/abi.h>

#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"
#include "config/node.h"

namespace berth::plugin {

// A berth_config is a config::Node and nothing else; NULL stays NULL.
[[nodiscard]] const berth_config* handle_of(const config::Node* node) noexcept;
[[nodiscard]] const config::Node* node_of(const berth_config* handle) noexcept;

// Stands around one call of make(), start() or self_test(), on its thread; calls inside each other
// are not made. Outside of any the plugin's complaints are lost, as abi.h allows them there only.
class ConfigScope {
 public:
  // `whole` is where complaints about an absent node are shown. Outlives the scope.
  explicit ConfigScope(const config::Node& whole) noexcept;
  ConfigScope(const ConfigScope&) = delete;
  ConfigScope& operator=(const ConfigScope&) = delete;
  ~ConfigScope() noexcept;

  // The scope this thread is in; nullptr: none.
  [[nodiscard]] static ConfigScope* current() noexcept;

  // A complaint about a node; nullptr is an absent one.
  void complain(const config::Node* node, std::string_view text);
  // Remembers the last error the plugin logged: all there is to show where it complained of
  // nothing.
  void remember_error(std::string_view text) { last_error_ = text; }

  [[nodiscard]] const std::vector<config::Diagnostic>& complaints() const noexcept {
    return complaints_;
  }
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
  // `name` in storage that lives as long as the scope.
  [[nodiscard]] std::string_view keep(std::string_view name);

 private:
  const config::Node& whole_;
  ConfigScope* outer_;
  std::vector<config::Diagnostic> complaints_;
  std::string last_error_;
  std::forward_list<std::string> names_;
};

// Sets the config_* members.
void install_config_calls(berth_host& table) noexcept;

}  // namespace berth::plugin
