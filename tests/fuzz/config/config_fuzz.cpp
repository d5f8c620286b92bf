// Any bytes as a configuration: what is said about them is printable and points into them, and what
// is accepted survives being written out and read again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/dump.h"
#include "config/load.h"
#include "config/printable.h"

namespace {

using berth::base::SourcePosition;

constexpr std::string_view kName = "fuzz.yaml";

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_inside(const SourcePosition& position, std::string_view source) {
  if (position.file != kName) return false;
  if (position.line == 0) return true;
  for (std::uint32_t line = 1; line < position.line; ++line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return false;
    source.remove_prefix(end + 1);
  }
  const std::size_t length = std::min(source.find('\n'), source.size());
  return position.column >= 1 && position.column <= length + 1;
}

void check_positions(const berth::config::Configuration& configuration, std::string_view source) {
  for (const auto& listener : configuration.listeners) {
    require(is_inside(listener.position, source));
    require(is_inside(listener.address_position, source));
  }
  for (const auto& plugin : configuration.plugins) {
    require(is_inside(plugin.position, source));
    require(is_inside(plugin.file_position, source));
  }
  for (const auto& route : configuration.routes) {
    require(is_inside(route.position, source));
    require(is_inside(route.pattern_position, source));
    require(is_inside(route.handler_position, source));
    require(configuration.find_plugin(route.plugin) != nullptr);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = berth::config::load_text(std::string(kName), {data, data + size});
  const auto& diagnostics = loaded.diagnostics;
  require(loaded.configuration.has_value() == (diagnostics.errors() == 0));
  for (const auto& diagnostic : diagnostics.all()) {
    require(is_inside(diagnostic.position, diagnostics.source()));
    require(!diagnostic.what.empty());
  }
  std::string rendered = diagnostics.render();
  rendered.erase(std::remove(rendered.begin(), rendered.end(), '\n'), rendered.end());
  require(berth::config::printable(rendered) == rendered);
  if (!loaded.configuration) return 0;

  check_positions(*loaded.configuration, diagnostics.source());
  const std::string dumped = berth::config::dump(*loaded.configuration);
  const auto again = berth::config::load_text(std::string(kName), dumped);
  require(again.configuration.has_value());
  require(berth::config::dump(*again.configuration) == dumped);
  return 0;
}
