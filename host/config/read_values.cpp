#include "base/limits.h"
#include "config/printable.h"
#include "config/schema.h"

namespace berth::config {

namespace {

namespace limits = base::limits;

}  // namespace

std::vector<std::pair<std::string, std::string>> read_values(const Node& node, Report& report) {
  std::vector<std::pair<std::string, std::string>> values;
  if (node.is_null()) return values;
  if (!node.is_map()) {
    report.error(node.position(),
                 "`values` has to be a map, this is " + std::string(node.kind_name()),
                 "write values: { zone: internal }");
    return values;
  }
  if (node.size() > limits::kValues) {
    report.error(node.position(), "`values` has " + std::to_string(node.size()) + " names",
                 "at most " + std::to_string(limits::kValues));
    return values;
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string name(node.key(i).text());
    if (!is_name(name)) {
      report.error(node.key(i).position(), quote(name) + " is not a name", std::string(kNameHelp));
      continue;
    }
    const auto text = report.take(node.value(i).as_string());
    if (!text) continue;
    bytes += name.size() + text->size();
    if (bytes > limits::kValueBytes) {
      report.error(node.value(i).position(), "`values` are too large",
                   "names and values together have at most " + std::to_string(limits::kValueBytes) +
                       " bytes");
      return values;
    }
    values.emplace_back(name, *text);
  }
  return values;
}

}  // namespace berth::config
