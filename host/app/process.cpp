#include "app/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace berth::app {

namespace {

// Unset it is empty.
std::string environment(const char* name) {
  // Asked on the main thread before any other is started.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : std::string(value);
}

config::Diagnostics::Colour colour_of(int descriptor) {
  const bool wanted = ::isatty(descriptor) == 1 && environment("NO_COLOR").empty();
  return wanted ? config::Diagnostics::Colour::kAlways : config::Diagnostics::Colour::kNever;
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

SdkPlace sdk_place() {
  const std::filesystem::path folder = std::filesystem::path(binary_path()).parent_path();
  const auto has_package = [](const std::filesystem::path& package) {
    std::error_code error;
    return std::filesystem::exists(package / "BerthSDKConfig.cmake", error);
  };
  const std::filesystem::path in_build_tree = folder / "sdk";
  if (has_package(in_build_tree)) {
    return {in_build_tree.string(), (in_build_tree / "template").string(), false};
  }
  const auto installed = [&folder](const char* from_binary) {
    return (folder / from_binary).lexically_normal().string();
  };
  const std::string package = installed(BERTH_SDK_FROM_BINARY);
  if (!has_package(package)) return {};
  // cmake-variables(7), CMAKE_SYSTEM_PREFIX_PATH.
  const bool is_found = folder == "/usr/bin" || folder == "/usr/local/bin";
  return {package, installed(BERTH_SHARE_FROM_BINARY) + "/template", is_found};
}

std::optional<std::string> take_variable(const char* variable) {
  const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return std::nullopt;
  std::optional<std::string> result(value);
  (void)::unsetenv(variable);  // NOLINT(concurrency-mt-unsafe)
  return result;
}

base::Result<net::InheritedSockets> take_inherited_sockets(bool of_supervisor) {
  net::InheritedSockets::Variables variables;
  // Nothing that was handed down goes on to what a handler starts (faults.md 47).
  (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  variables.listen_pid = take_variable("LISTEN_PID");
  if (of_supervisor && !variables.listen_pid) variables.listen_pid = std::to_string(::getpid());
  variables.listen_fds = take_variable("LISTEN_FDS");
  variables.listen_fdnames = take_variable("LISTEN_FDNAMES");
  return net::InheritedSockets::take(variables, ::getpid());
}

base::Descriptor take_descriptor(const char* variable) {
  const auto text = take_variable(variable);
  int number = -1;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), number);
  if (number <= STDERR_FILENO || ::fcntl(number, F_SETFD, FD_CLOEXEC) != 0) return {};
  return base::Descriptor(number);
}

plugin::StateEnvironment state_environment() {
  return {
      .state_directory = environment("STATE_DIRECTORY"),
      .xdg_state_home = environment("XDG_STATE_HOME"),
      .home = environment("HOME"),
      .user = ::geteuid(),
  };
}

RuntimeEnvironment runtime_environment() {
  return {
      .runtime_directory = environment("RUNTIME_DIRECTORY"),
      .xdg_runtime_dir = environment("XDG_RUNTIME_DIR"),
      .user = ::geteuid(),
  };
}

void keep_places_of_root() {
  if (::geteuid() != 0) return;
  const auto keep = [](const char* name, const std::string& value) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe)
    if (environment(name).empty()) (void)::setenv(name, value.c_str(), 1);
  };
  if (const auto state = plugin::state_folder(state_environment())) keep("STATE_DIRECTORY", *state);
  if (const auto folder = control_folder(runtime_environment())) keep("RUNTIME_DIRECTORY", *folder);
}

std::string crash_folder(const std::string& state) { return state + "/crashes"; }

config::Diagnostics::Colour colour_of_stderr() { return colour_of(STDERR_FILENO); }

config::Diagnostics::Colour colour_of_stdout() { return colour_of(STDOUT_FILENO); }

}  // namespace berth::app
