#include "config/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "base/limits.h"
#include "config/printable.h"

namespace berth::config {

namespace {

constexpr std::size_t kShownLine = 100;  // bytes of a source line shown at most
constexpr std::string_view kIndent = "    ";
constexpr std::string_view kMore = "...";

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kMagenta = "\x1b[1;35m";
constexpr std::string_view kGreen = "\x1b[1;32m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kReset = "\x1b[0m";

std::string paint(std::string_view text, std::string_view colour, Diagnostics::Colour colours) {
  if (colours == Diagnostics::Colour::kNever) return std::string(text);
  std::string out(colour);
  out += text;
  out += kReset;
  return out;
}

bool begins_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

// Columns of a terminal, near enough: one for each code point of printable text.
std::size_t width(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

// The part of a line around `offset` that is shown, and where the caret stands under it.
struct Excerpt {
  std::string text;
  std::size_t caret;
};

Excerpt excerpt(std::string_view line, std::size_t offset) {
  offset = std::min(offset, line.size());
  std::size_t begin = 0;
  std::size_t end = line.size();
  if (line.size() > kShownLine) {
    begin = offset > kShownLine / 2 ? offset - kShownLine / 2 : 0;
    end = std::min(line.size(), begin + kShownLine);
    while (begin > 0 && begin < offset && !begins_character(line[begin])) ++begin;
    while (end < line.size() && end > offset && !begins_character(line[end])) --end;
  }
  // A tab is one column of ours wherever the terminal's stops are, so that the caret fits.
  const auto shown = [](std::string_view part) {
    std::string text(part);
    std::replace(text.begin(), text.end(), '\t', ' ');
    return printable(text);
  };
  std::string before = shown(line.substr(begin, offset - begin));
  if (begin > 0) before.insert(0, kMore);
  const std::size_t caret = width(before);
  std::string text = before + shown(line.substr(offset, end - offset));
  if (end < line.size()) text += kMore;
  return {std::move(text), caret};
}

std::vector<std::size_t> line_offsets(std::string_view text) {
  std::vector<std::size_t> lines{0};
  for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
    lines.push_back(i + 1);
  }
  return lines;
}

std::string counted_only(std::size_t count, std::string_view noun) {
  if (count == 0) return {};
  return "and " + std::to_string(count) + " more " + std::string(noun) + (count == 1 ? "" : "s") +
         "\n";
}

}  // namespace

std::string_view name(Severity severity) noexcept {
  return severity == Severity::kError ? "error" : "warning";
}

std::vector<std::pair<std::string_view, std::string>> Diagnostic::fields() const {
  const auto number = [](std::uint32_t value) {
    return value == 0 ? std::string() : std::to_string(value);
  };
  return {{"severity", std::string(name(severity))},
          {"file", printable(position.file)},
          {"line", number(position.line)},
          {"column", number(position.column)},
          {"message", printable(what)},
          {"suggestion", printable(suggestion)},
          {"help", printable(help)}};
}

Diagnostics::Diagnostics(std::string file, std::string source) {
  auto made = std::make_shared<Source>();
  made->file = std::move(file);
  made->text = std::move(source);
  made->lines = line_offsets(made->text);
  sources_.push_back(std::move(made));
}

void Diagnostics::add(Diagnostic diagnostic) {
  std::size_t& count = diagnostic.severity == Severity::kError ? errors_ : warnings_;
  if (++count > base::limits::kConfigErrors) return;
  const auto key = [this](const Diagnostic& finding) {
    const base::SourcePosition& at = finding.position;
    return std::tuple(rank(at.file), at.line, at.column);
  };
  const auto place = std::upper_bound(
      kept_.begin(), kept_.end(), diagnostic,
      [&key](const Diagnostic& left, const Diagnostic& right) { return key(left) < key(right); });
  kept_.insert(place, std::move(diagnostic));
}

void Diagnostics::error(base::SourcePosition position, std::string what, std::string help) {
  add({std::move(position), std::move(what), {}, std::move(help), Severity::kError});
}

void Diagnostics::warning(base::SourcePosition position, std::string what, std::string help) {
  add({std::move(position), std::move(what), {}, std::move(help), Severity::kWarning});
}

void Diagnostics::absorb(const Diagnostics& included) {
  sources_.insert(sources_.end(), included.sources_.begin(), included.sources_.end());
  std::size_t errors = included.errors_;
  std::size_t warnings = included.warnings_;
  for (const Diagnostic& finding : included.kept_) {
    add(finding);
    --(finding.severity == Severity::kError ? errors : warnings);
  }
  errors_ += errors;
  warnings_ += warnings;
}

Diagnostics Diagnostics::with_only(std::vector<Diagnostic> findings) const {
  Diagnostics result = *this;
  result.kept_.clear();
  result.errors_ = 0;
  result.warnings_ = 0;
  for (Diagnostic& finding : findings) result.add(std::move(finding));
  return result;
}

std::size_t Diagnostics::rank(std::string_view file) const noexcept {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [file](const auto& source) { return source->file == file; });
  return found == sources_.end() ? 0 : static_cast<std::size_t>(found - sources_.begin());
}

std::string_view Diagnostics::source_of(std::string_view file) const noexcept {
  const Source& source = *sources_[rank(file)];
  return source.file == file ? std::string_view(source.text) : std::string_view();
}

std::string_view Diagnostics::line(const base::SourcePosition& position) const noexcept {
  const Source& source = *sources_[rank(position.file)];
  const std::uint32_t number = position.line;
  if (source.file != position.file || number == 0 || number > source.lines.size()) return {};
  std::string_view rest = std::string_view(source.text).substr(source.lines[number - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

std::string Diagnostics::render(const Diagnostic& diagnostic, Colour colour) const {
  const bool error = diagnostic.severity == Severity::kError;
  std::string out = paint(printable(diagnostic.position.text()) + ":", kBold, colour);
  out += ' ';
  out += paint(std::string(name(diagnostic.severity)) + ":", error ? kRed : kMagenta, colour);
  out += ' ';
  out += printable(diagnostic.what);
  if (!diagnostic.suggestion.empty()) {
    out += " (did you mean " + quote(diagnostic.suggestion) + "?)";
  }
  out += '\n';

  const std::string_view source = line(diagnostic.position);
  if (!source.empty()) {
    const std::size_t column = std::max<std::size_t>(diagnostic.position.column, 1);
    const Excerpt shown = excerpt(source, column - 1);
    out += std::string(kIndent) + shown.text + '\n';
    out += std::string(kIndent) + std::string(shown.caret, ' ') + paint("^", kGreen, colour) + '\n';
  }

  for (std::string_view help = diagnostic.help; !help.empty();) {
    const std::size_t end = std::min(help.find('\n'), help.size());
    out += paint("help:", kBold, colour) + ' ' + printable(help.substr(0, end)) + '\n';
    help.remove_prefix(std::min(end + 1, help.size()));
  }
  return out;
}

std::string Diagnostics::render(Colour colour) const {
  std::string out;
  std::size_t errors = errors_;
  std::size_t warnings = warnings_;
  for (const Diagnostic& diagnostic : kept_) {
    out += render(diagnostic, colour);
    --(diagnostic.severity == Severity::kError ? errors : warnings);
  }
  return out + counted_only(errors, "error") + counted_only(warnings, "warning");
}

std::string Diagnostics::summary() const {
  const auto first = std::find_if(kept_.begin(), kept_.end(), [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::kError;
  });
  if (first == kept_.end()) return {};
  std::string text = printable(first->position.file);
  if (first->position.line > 0) text += ":" + std::to_string(first->position.line);
  text += ": " + printable(first->what);
  if (errors_ == 1) return text;
  return text + " (and " + std::to_string(errors_ - 1) +
         (errors_ == 2 ? " more error)" : " more errors)");
}

}  // namespace berth::config
