#include "config/load.h"

#include <utility>

#include "config/read_file.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/section.h"

namespace berth::config {

Loaded load_text(std::string name, std::string text) {
  Loaded loaded{.configuration = std::nullopt,
                .diagnostics = Diagnostics(std::move(name), strip_bom(std::move(text)))};
  Document document = read_document(loaded.diagnostics);
  if (!document.root) return loaded;
  Report report(loaded.diagnostics, std::move(document.spoilt));
  Configuration configuration =
      read_configuration(*document.root, loaded.diagnostics.file(), report);
  (loaded.diagnostics.errors() == 0 ? loaded.configuration : loaded.remainder) =
      std::move(configuration);
  return loaded;
}

Loaded load_file(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes) {
    Loaded loaded{.configuration = std::nullopt, .diagnostics = Diagnostics(path, {})};
    loaded.diagnostics.add(std::move(bytes).error());
    return loaded;
  }
  Loaded loaded = load_text(path, std::move(bytes->text));
  for (Diagnostic& warning : bytes->warnings) loaded.diagnostics.add(std::move(warning));
  return loaded;
}

}  // namespace berth::config
