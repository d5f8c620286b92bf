#include "config/load.h"

#include <utility>

#include "config/disk_files.h"
#include "config/include.h"
#include "config/reader.h"
#include "config/schema.h"
#include "config/section.h"

namespace berth::config {

namespace {

// One text and nothing beside it.
class SingleText final : public FileProvider {
 public:
  SingleText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {}

  base::Result<ProvidedFile, Diagnostic> read(const std::string& path) override {
    if (path == name_) return ProvidedFile{text_, name_, {}};
    return base::fail(Diagnostic{{path, 0, 0}, "there is no such file", {}, {}});
  }
  base::Result<std::vector<std::string>> match(const std::string&, const std::string&) override {
    return std::vector<std::string>();
  }

 private:
  std::string name_;
  std::string text_;
};

}  // namespace

Loaded load(const std::string& path, FileProvider& files, const Environment& environment) {
  auto file = files.read(path);
  if (!file) {
    Loaded loaded{.configuration = std::nullopt, .diagnostics = Diagnostics(path, {})};
    loaded.diagnostics.add(std::move(file).error());
    return loaded;
  }
  Loaded loaded{.configuration = std::nullopt,
                .diagnostics = Diagnostics(path, strip_bom(std::move(file->text)))};
  Tree tree = read_tree(file->identity, files, environment, loaded.diagnostics);
  if (tree.root) {
    Report report(loaded.diagnostics, std::move(tree.spoilt));
    Configuration configuration = read_configuration(*tree.root, loaded.diagnostics.file(), report);
    (loaded.diagnostics.errors() == 0 ? loaded.configuration : loaded.remainder) =
        std::move(configuration);
  }
  for (Diagnostic& warning : file->warnings) loaded.diagnostics.add(std::move(warning));
  return loaded;
}

Loaded load_file(const std::string& path, const Environment& environment) {
  DiskFiles files;
  return load(path, files, environment);
}

Loaded load_text(const std::string& name, std::string text) {
  SingleText files(name, std::move(text));
  return load(name, files, Environment());
}

}  // namespace berth::config
