#include "config/include.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "config/load.h"
#include "config/merge.h"
#include "config/printable.h"
#include "config/reader.h"

namespace berth::config {

namespace {

namespace limits = base::limits;

constexpr std::string_view kKey = "include";

class TreeReader {
 public:
  TreeReader(FileProvider& files, const Environment& environment, Diagnostics& diagnostics)
      : files_(files), environment_(environment), diagnostics_(diagnostics) {}

  Tree run(const std::string& identity) {
    bytes_ = diagnostics_.source().size();
    seen_.emplace(identity, base::SourcePosition{diagnostics_.file(), 0, 0});
    open_.push_back({identity, diagnostics_.file(), {}});
    take(read_document(diagnostics_, environment_, totals_), diagnostics_.file());
    Tree tree;
    if (!failed_) tree.root = merge(std::move(roots_), diagnostics_);
    tree.spoilt = std::move(spoilt_);
    return tree;
  }

 private:
  // A file that is being read, and where it was asked for.
  struct Open {
    std::string identity;
    std::string path;
    base::SourcePosition asked_at;  // no file: the main one
  };

  void fail(const base::SourcePosition& position, std::string what, std::string help = {}) {
    failed_ = true;
    diagnostics_.error(position, std::move(what), std::move(help));
  }

  void take(Document document, const std::string& file) {
    for (const auto& [line, column] : document.spoilt) spoilt_.emplace(file, line, column);
    if (!document.root) {
      failed_ = true;
      return;
    }
    if (!document.root->is_map() && open_.size() > 1) {
      if (document.root->is_null()) return;
      return fail(
          document.root->position(),
          "an included file has to be a map, this is " + std::string(document.root->kind_name()),
          "it has the same keys as the file that includes it");
    }
    const Node* const includes = document.root->find(kKey);
    const Node wanted = includes == nullptr ? Node() : *includes;
    roots_.push_back(std::move(*document.root));
    if (includes != nullptr) include_all(wanted, file);
  }

  void include_all(const Node& wanted, const std::string& file) {
    if (wanted.is_scalar()) return include(wanted, file);
    if (!wanted.is_list()) {
      return fail(wanted.position(),
                  "`include` has to be a path or a list of paths, this is " +
                      std::string(wanted.kind_name()),
                  "write include: conf.d/*.yaml");
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted.value(i).is_scalar()) {
        include(wanted.value(i), file);
      } else if (!is_spoilt(wanted.value(i))) {
        fail(wanted.value(i).position(),
             "expected text, got " + std::string(wanted.value(i).kind_name()));
      }
    }
  }

  [[nodiscard]] bool is_spoilt(const Node& node) const {
    const base::SourcePosition position = node.position();
    return spoilt_.contains({position.file, position.line, position.column});
  }

  // One text, standing in `file`.
  void include(const Node& node, const std::string& file) {
    const std::string text(node.text());
    if (text.empty()) return fail(node.position(), "`include` is empty");
    if (!is_pattern(text)) return read(path_in(folder_of(file), text), node.position());
    const auto paths = files_.match(folder_of(file), text);
    if (!paths)
      return fail(node.position(), "cannot include " + quote(text) + ": " + paths.error().text);
    for (const std::string& path : *paths) {
      if (full_) return;
      read(path, node.position());
    }
  }

  void read(const std::string& path, const base::SourcePosition& asked_at) {
    if (open_.size() > limits::kConfigIncludeDepth) {
      return fail(asked_at,
                  "includes are nested deeper than " + std::to_string(limits::kConfigIncludeDepth));
    }
    if (seen_.size() > limits::kConfigIncludes) {
      full_ = true;
      return fail(asked_at,
                  "more than " + std::to_string(limits::kConfigIncludes) + " files are included");
    }
    auto file = files_.read(path);
    if (!file) {
      return fail(asked_at, "cannot include " + quote(path) + ": " + file.error().what,
                  file.error().help);
    }
    for (Diagnostic& warning : file->warnings) diagnostics_.add(std::move(warning));
    if (refuse_again(path, file->identity, asked_at)) return;
    bytes_ += file->text.size();
    if (bytes_ > limits::kConfigFile) {
      full_ = true;
      return fail(asked_at, "all files together are larger than 4 MiB");
    }

    Diagnostics its_own(path, strip_bom(std::move(file->text)));
    if (!has_content(its_own.source())) return;  // all of it commented out, as is usual in conf.d
    Document document = read_document(its_own, environment_, totals_);
    diagnostics_.absorb(its_own);
    open_.push_back({std::move(file->identity), path, asked_at});
    take(std::move(document), path);
    open_.pop_back();
  }

  // Whether the file was read already, which is reported.
  bool refuse_again(const std::string& path, const std::string& identity,
                    const base::SourcePosition& asked_at) {
    const auto [first, is_new] = seen_.emplace(identity, asked_at);
    if (is_new) return false;
    const auto begin = std::find_if(open_.begin(), open_.end(), [&identity](const Open& open) {
      return open.identity == identity;
    });
    if (begin == open_.end()) {
      fail(asked_at, quote(path) + " is included twice",
           "it is included first at " + first->second.text());
      return true;
    }
    std::string help;
    for (auto open = begin + 1; open != open_.end(); ++open) {
      help += printable((open - 1)->path) + " includes " + printable(open->path) + " at " +
              open->asked_at.text() + '\n';
    }
    help += begin + 1 == open_.end() ? "leave it out, or choose a pattern that does not match it"
                                     : "leave one of them out";
    fail(asked_at, quote(path) + " includes itself", std::move(help));
    return true;
  }

  FileProvider& files_;
  const Environment& environment_;
  Diagnostics& diagnostics_;
  ReadTotals totals_;
  std::size_t bytes_ = 0;
  std::vector<Open> open_;
  std::map<std::string, base::SourcePosition> seen_;  // identity -> where it was asked for
  std::vector<Node> roots_;
  Spoilt spoilt_;
  bool failed_ = false;
  bool full_ = false;
};

}  // namespace

Tree read_tree(const std::string& identity, FileProvider& files, const Environment& environment,
               Diagnostics& diagnostics) {
  return TreeReader(files, environment, diagnostics).run(identity);
}

}  // namespace berth::config
