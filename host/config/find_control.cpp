#include "config/find_control.h"

#include <utility>
#include <vector>

#include "config/disk_files.h"
#include "config/reader.h"
#include "config/schema.h"

namespace berth::config {

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
  const Node* const node = document.root->find("control");
  if (node == nullptr) return ControlSocket{};
  const base::SourcePosition at = node->position();
  if (document.spoilt.contains({at.line, at.column})) {
    std::vector<Diagnostic> findings;
    for (const Diagnostic& finding : diagnostics.all()) {
      if (finding.position.line == at.line) findings.push_back(finding);
    }
    return base::fail(diagnostics.with_only(std::move(findings)));
  }
  Diagnostics found = diagnostics.with_only({});
  Report report(found, {});
  const ControlSocket control = read_control(*node, report);
  if (found.errors() > 0) return base::fail(std::move(found));
  return control;
}

}  // namespace berth::config
