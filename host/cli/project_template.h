// The project of a plugin, made of the SDK's template, which is one itself: of a plugin `greet`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::cli {

// The name of a plugin that a project is made for.
class ProjectName {
 public:
  // Error: berth_add_plugin() or CMake would refuse it; the text says what a name is.
  [[nodiscard]] static base::Result<ProjectName, std::string> parse(std::string_view name);

  // "cart_items"
  [[nodiscard]] const std::string& plugin() const noexcept { return plugin_; }
  // "CartItems"
  [[nodiscard]] const std::string& type() const noexcept { return type_; }

 private:
  ProjectName(std::string plugin, std::string type);
  std::string plugin_;
  std::string type_;
};

// The text, or the path, with every `greet` and `Greet` that is no part of a longer word replaced;
// _ does not make words longer, so that greet_test becomes cart_items_test.
[[nodiscard]] std::string fill_in(std::string_view text, const ProjectName& name);

}  // namespace berth::cli
