#include "cli/inspect_verb.h"

#include <iostream>

#include "config/printable.h"
#include "plugin/inspect.h"

namespace berth::cli {

namespace {

int refuse(const std::string& file, const std::string& text) {
  std::cerr << config::printable(file) << ": error: " << config::printable(text) << '\n';
  return 1;
}

}  // namespace

int inspect_plugin(const std::string& file, bool json) {
  const auto bytes = plugin::read_plugin_file(file, plugin::process_policy(false));
  if (!bytes) return refuse(file, bytes.error().text);
  const auto inspection =
      plugin::inspect(*bytes, plugin::this_host(), plugin::HostLibraries::snapshot());
  if (!inspection) return refuse(file, inspection.error().text);
  std::cout << (json ? plugin::to_json(*inspection) : plugin::to_text(*inspection));
  return inspection->refusals.empty() ? 0 : 1;
}

}  // namespace berth::cli
