// Any bytes as a configuration of one or more files: what is said about them is printable and
// points into them, what is accepted survives being written out and read again, and no value of the
// environment changes the shape of a file. A line "#>> NAME" begins a further file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "config/dump.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/reader.h"
#include "support/memory_files.h"

namespace {

using berth::base::SourcePosition;
using berth::config::Node;

constexpr std::string_view kName = "fuzz.yaml";

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_inside(const SourcePosition& position, const berth::config::Diagnostics& diagnostics) {
  if (position.line == 0) return true;
  std::string_view source = diagnostics.source_of(position.file);
  for (std::uint32_t line = 1; line < position.line; ++line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return false;
    source.remove_prefix(end + 1);
  }
  const std::size_t length = std::min(source.find('\n'), source.size());
  return position.column >= 1 && position.column <= length + 1;
}

// The input as files: what stands before the first "#>> NAME" is the main one.
std::map<std::string, std::string> files_of(std::string_view input) {
  constexpr std::string_view kMark = "\n#>> ";
  std::map<std::string, std::string> files;
  std::string name(kName);
  for (;;) {
    const std::size_t mark = input.find(kMark);
    files.emplace(name, input.substr(0, mark));
    if (mark == std::string_view::npos) return files;
    input.remove_prefix(mark + kMark.size());
    const std::size_t end = std::min(input.find('\n'), input.size());
    name = berth::config::path_in("", input.substr(0, end));
    input.remove_prefix(end);
  }
}

// A stands for the same length of path everywhere; NO is never set.
berth::config::Environment environment(const std::string& a) {
  return berth::config::Environment(
      berth::config::Environment::Variables{{"A", a}, {"EMPTY", ""}, {"BAD", "\xFF"}});
}

bool same_shape(const Node& left, const Node& right) {
  if (left.kind() != right.kind() || left.size() != right.size()) return false;
  if (left.quoted() != right.quoted() || !(left.position() == right.position())) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left.is_map() && left.key(i).text() != right.key(i).text()) return false;
    if (!same_shape(left.value(i), right.value(i))) return false;
  }
  return true;
}

void check_shape(const std::string& text) {
  const auto read = [&text](const std::string& a) {
    berth::config::Diagnostics diagnostics(std::string(kName), berth::config::strip_bom(text));
    berth::config::ReadTotals totals;
    return berth::config::read_document(diagnostics, environment(a), totals).root;
  };
  const auto plain = read("x");
  const auto hostile = read("{ b: [1, ${A}] } # \n- &c *d\n'\"");
  require(plain.has_value() == hostile.has_value());
  require(!plain || same_shape(*plain, *hostile));
}

void check_positions(const berth::config::Configuration& configuration,
                     const berth::config::Diagnostics& source) {
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
    for (const auto& entry : route.with) {
      require(is_inside(entry.position, source));
      require(is_inside(entry.handler_position, source));
      require(configuration.find_plugin(entry.plugin) != nullptr);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = files_of({reinterpret_cast<const char*>(data), size});
  check_shape(texts.at(std::string(kName)));
  berth::test::MemoryFiles files(texts);
  const auto loaded = berth::config::load(std::string(kName), files, environment("a/value"));
  const auto& diagnostics = loaded.diagnostics;
  require(loaded.configuration.has_value() == (diagnostics.errors() == 0));
  for (const auto& diagnostic : diagnostics.all()) {
    require(is_inside(diagnostic.position, diagnostics));
    require(!diagnostic.what.empty());
  }
  std::string rendered = diagnostics.render();
  rendered.erase(std::remove(rendered.begin(), rendered.end(), '\n'), rendered.end());
  require(berth::config::printable(rendered) == rendered);
  if (!loaded.configuration) return 0;

  check_positions(*loaded.configuration, diagnostics);
  const std::string dumped = berth::config::dump(*loaded.configuration);
  const auto again = berth::config::load_text(std::string(kName), dumped);
  require(again.configuration.has_value());
  require(berth::config::dump(*again.configuration) == dumped);
  return 0;
}
