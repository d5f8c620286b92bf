#include "config/find_control.h"

#include <optional>
#include <utility>
#include <vector>

#include "config/disk_files.h"
#include "config/load.h"
#include "config/printable.h"
#include "config/reader.h"

namespace berth::config {

namespace {

// At the value, what no Unix socket can be.
std::optional<Diagnostic> read(const Node& node, ControlSocket& control) {
  const auto text = node.as_string();
  if (!text) return text.error();
  control.position = node.position();
  if (*text == "off") {
    control.kind = ControlSocket::Kind::kOff;
    return std::nullopt;
  }
  if (text->find('/') == std::string_view::npos || text->ends_with('/')) {
    return Diagnostic{control.position,
                      quote(*text) + " is not the path of a socket",
                      {},
                      "write a path with a / in it, such as /run/berth/control.sock, or off"};
  }
  control.kind = ControlSocket::Kind::kPath;
  control.path = resolve_path(folder_of(control.position.file), *text);
  return std::nullopt;
}

}  // namespace

base::Result<ControlSocket, Diagnostics> find_control(const std::string& path,
                                                      const Environment& environment) {
  DiskFiles files;
  auto file = files.read(path);
  if (!file) {
    Diagnostics diagnostics(path, {});
    diagnostics.add(std::move(file).error());
    return base::fail(std::move(diagnostics));
  }
  Diagnostics diagnostics(path, strip_bom(std::move(file->text)));
  ReadTotals totals;
  const Document document = read_document(diagnostics, environment, totals);
  if (!document.root) return base::fail(std::move(diagnostics));
  ControlSocket control;
  const Node* const node = document.root->find("control");
  if (node == nullptr) return control;
  const base::SourcePosition at = node->position();
  if (document.spoilt.contains({at.line, at.column})) {
    std::vector<Diagnostic> findings;
    for (const Diagnostic& finding : diagnostics.all()) {
      if (finding.position.line == at.line) findings.push_back(finding);
    }
    return base::fail(diagnostics.with_only(std::move(findings)));
  }
  if (auto finding = read(*node, control)) {
    return base::fail(diagnostics.with_only({std::move(*finding)}));
  }
  return control;
}

}  // namespace berth::config
