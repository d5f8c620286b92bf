#include "cli/project_template.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace berth::cli {

namespace {

constexpr std::string_view kPlugin = "greet";
constexpr std::string_view kType = "Greet";

// Targets that CMake makes (cmake-policies(7), CMP0037), and a word that stands for none.
constexpr std::array<std::string_view, 12> kTaken = {
    "all",           "clean",          "edit_cache",
    "help",          "install",        "list_install_components",
    "package",       "package_source", "preinstall",
    "rebuild_cache", "test",           "none"};

// Names of files end with them, too.
constexpr std::size_t kLongest = 64;

bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_word(char c) noexcept { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

std::string type_of(std::string_view plugin) {
  std::string type;
  bool begins = true;
  for (const char c : plugin) {
    if (c != '_') type += begins && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    begins = c == '_';
  }
  return type;
}

}  // namespace

ProjectName::ProjectName(std::string plugin, std::string type)
    : plugin_(std::move(plugin)), type_(std::move(type)) {}

base::Result<ProjectName, std::string> ProjectName::parse(std::string_view name) {
  const bool is_name = !name.empty() && name.size() <= kLongest && is_lower(name.front()) &&
                       std::all_of(name.begin(), name.end(),
                                   [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
  if (!is_name) {
    return base::fail(
        std::string("the name of a plugin has lower case letters, digits and _, at most 64, and "
                    "begins with a letter"));
  }
  if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) {
    return base::fail(std::string("CMake has a target of that name; choose another"));
  }
  return ProjectName(std::string(name), type_of(name));
}

std::string fill_in(std::string_view text, const ProjectName& name) {
  std::string filled;
  filled.reserve(text.size());
  while (!text.empty()) {
    const auto* const end = std::find_if_not(text.begin(), text.end(), is_word);
    const auto size = static_cast<std::size_t>(end - text.begin());
    const std::string_view word = text.substr(0, size);
    filled += word == kPlugin ? name.plugin() : word == kType ? name.type() : word;
    text.remove_prefix(size);
    if (text.empty()) break;
    filled += text.front();
    text.remove_prefix(1);
  }
  return filled;
}

}  // namespace berth::cli
