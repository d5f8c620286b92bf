// What is wrong with a configuration and where, collected and shown the way a compiler does. Not a
// log line, and not the reader that finds the mistakes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/source_position.h"

namespace berth::config {

enum class Severity : std::uint8_t { kError, kWarning };

// "error" or "warning". Static storage.
[[nodiscard]] std::string_view name(Severity severity) noexcept;

// One finding. position.line 0: it concerns the file as a whole.
struct Diagnostic {
  base::SourcePosition position;
  std::string what;        // one sentence without a final stop
  std::string suggestion;  // what was probably meant, or empty: rendered as (did you mean "..."?)
  std::string help;        // the way out, one or more lines, or empty
  Severity severity = Severity::kError;

  // For `--json`: severity, file, line, column, message, suggestion, help; numbers as decimal
  // digits, absent values empty. All values are printable UTF-8.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::string>> fields() const;
};

// Collects findings over a file and those it includes, and renders them. Movable, copyable (the
// sources are shared), not
// for use by several threads at once. It outlives loading: app adds what it finds later (conflicts
// of patterns, plugins that do not load) at the positions the Configuration carries.
class Diagnostics {
 public:
  enum class Colour : std::uint8_t { kNever, kAlways };

  // `file` is the name shown, `source` the file's bytes (any bytes; empty if it could not be read).
  Diagnostics(std::string file, std::string source);

  // Keeps at most limits::kConfigErrors of each severity; the rest is only counted.
  void add(Diagnostic diagnostic);
  void error(base::SourcePosition position, std::string what, std::string help = {});
  void warning(base::SourcePosition position, std::string what, std::string help = {});

  // Takes over the sources and the findings of an included file; those that were only counted there
  // are counted here.
  void absorb(const Diagnostics& included);

  // The same sources with other findings in place of these.
  [[nodiscard]] Diagnostics with_only(std::vector<Diagnostic> findings) const;

  // Those that were kept, by file (in the order they were read), line and column, at equal places
  // in the order of adding. Valid until the next add.
  [[nodiscard]] std::span<const Diagnostic> all() const noexcept { return kept_; }
  // All that were added, kept or not.
  [[nodiscard]] std::size_t errors() const noexcept { return errors_; }
  [[nodiscard]] std::size_t warnings() const noexcept { return warnings_; }

  // The first error and how many more there are, in one line for a log or a status:
  // "berth.yaml:12: unknown key "handlr" (and 2 more errors)". Empty: there is none.
  [[nodiscard]] std::string summary() const;

  // The name given at construction; valid as long as any copy of this object.
  [[nodiscard]] const std::string& file() const noexcept { return sources_.front()->file; }
  // The bytes of that file; valid as long as any copy of this object.
  [[nodiscard]] std::string_view source() const noexcept { return sources_.front()->text; }
  // The bytes of the file of this name, as long; empty if there is none.
  [[nodiscard]] std::string_view source_of(std::string_view file) const noexcept;

  // One finding as lines, each ending in LF:
  //   berth.yaml:12:5: error: unknown key "handlr" (did you mean "handler"?)
  //       handlr: hello.hello
  //       ^
  //   help: ...
  // The source line is shortened to 100 characters around the caret and escaped by printable(); it
  // is left out where the position names no line of one of the files.
  [[nodiscard]] std::string render(const Diagnostic& diagnostic, Colour colour) const;
  // All of them, then what was only counted ("and 12 more errors").
  [[nodiscard]] std::string render(Colour colour = Colour::kNever) const;

 private:
  struct Source {
    std::string file;
    std::string text;
    std::vector<std::size_t> lines;  // the offset each line begins at
  };

  // The index of the source that is named so; 0 if there is none.
  [[nodiscard]] std::size_t rank(std::string_view file) const noexcept;
  // Without its line end; empty if there is no such line.
  [[nodiscard]] std::string_view line(const base::SourcePosition& position) const noexcept;

  std::vector<std::shared_ptr<const Source>> sources_;  // never empty
  std::vector<Diagnostic> kept_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace berth::config
