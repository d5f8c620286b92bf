#include "app/process.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace berth::app {

namespace {

std::string environment(const char* name) {
  // Asked on the main thread before any other is started.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

std::string_view version() noexcept { return BERTH_VERSION; }

std::string binary_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

std::string plugin_path(const std::string& file) {
  if (file.find('/') != std::string::npos) return file;
  const std::filesystem::path folder = std::filesystem::path(binary_path()).parent_path();
  const std::filesystem::path in_build_tree = folder / "plugins" / file;
  std::error_code error;
  if (std::filesystem::exists(in_build_tree, error)) return in_build_tree.string();
  return (folder / BERTH_PLUGINS_FROM_BINARY / file).lexically_normal().string();
}

plugin::StateEnvironment state_environment() {
  return {
      .state_directory = environment("STATE_DIRECTORY"),
      .xdg_state_home = environment("XDG_STATE_HOME"),
      .home = environment("HOME"),
      .user = ::geteuid(),
  };
}

config::Diagnostics::Colour colour_of_stderr() {
  const bool wanted = ::isatty(STDERR_FILENO) == 1 && environment("NO_COLOR").empty();
  return wanted ? config::Diagnostics::Colour::kAlways : config::Diagnostics::Colour::kNever;
}

}  // namespace berth::app
