#include "config/reader.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <utility>

#include "base/limits.h"
#include "config/printable.h"
#include "config/tree_builder.h"

namespace berth::config {

namespace {

constexpr std::string_view kEmptyHelp = "a configuration has at least `listen:`";
constexpr std::string_view kBom = "\xEF\xBB\xBF";

// What yaml-cpp says and what we say instead. A text that is not here is shown as it is.
struct Translation {
  std::string_view theirs;  // the beginning of it
  std::string_view ours;
  std::string_view help;
};
constexpr std::array<Translation, 25> kTranslations{{
    {"end of sequence not found", "this line fits neither the list above it nor what is around it",
     "begin every item of a list with - in the same column"},
    {"end of map not found", "this line fits neither the map above it nor what is around it",
     "indent all keys of a map equally"},
    {"illegal map value", "a key and its colon may not stand here",
     "indent all keys of a map equally; quote a value that holds a colon and a space"},
    {"illegal map key", "a key may not stand here", "begin it on a line of its own"},
    {"illegal block entry", "a list item may not stand here",
     "begin the list on a line of its own, or write [a, b]"},
    {"illegal flow end", "there is no open bracket that this one closes",
     "quote a text that holds brackets"},
    {"unknown token", "a value may not begin with this character", "put the value in quotes"},
    {"illegal EOF in scalar", "the file ends inside a quoted text", "close the quote"},
    {"illegal document indicator in scalar", "--- or ... stands inside a quoted text",
     "close the quote before it"},
    {"illegal tab when looking for indentation", "a tab stands in the indentation",
     "indent with spaces"},
    {"unknown escape character", "there is no such escape in a double-quoted text",
     "write \\\\ for a backslash, or use single quotes"},
    {"bad character found while scanning hex number", "an escape has too few hexadecimal digits",
     "write \\x41, \\u0041 or \\U00000041"},
    {"invalid unicode", "the escape names no Unicode character", ""},
    {"alias not found after *", "a name has to follow the *", "quote a text that begins with *"},
    {"anchor not found after &", "a name has to follow the &", "quote a text that begins with &"},
    {"illegal character found while scanning alias", "this character may not be in an alias",
     "quote a text that begins with *"},
    {"illegal character found while scanning anchor", "this character may not be in an anchor",
     "quote a text that begins with &"},
    {"the referenced anchor is not defined", "no anchor of this name stands above",
     "quote a text that begins with *"},
    {"cannot assign", "one value may have one anchor only", ""},
    {"end of verbatim tag", "YAML tags are not supported", "quote a text that begins with !"},
    {"illegal character found while scanning tag", "YAML tags are not supported",
     "quote a text that begins with !"},
    {"tag handle with no suffix", "YAML tags are not supported", "quote a text that begins with !"},
    {"cannot set zero indentation", "a block may not have the indentation 0", "leave the 0 out"},
    {"unexpected character in block scalar", "only an indentation, + or - may follow | and >",
     "quote a text that begins with | or >"},
    {"bad file", "lists and maps are nested too deep", ""},
}};

class SecondDocument final : public YAML::EventHandler {
 public:
  explicit SecondDocument(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    const std::string_view source = diagnostics_.source();
    const auto offset = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), source.size());
    explicit_ = source.substr(offset).starts_with("---");
    diagnostics_.error(
        {diagnostics_.file(), static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1,
         static_cast<std::uint32_t>(std::max(mark.column, 0)) + 1},
        explicit_ ? "a second document begins here" : "the document has ended before this",
        explicit_ ? "keep one document in a file"
                  : "indent all keys of a map equally; nothing may follow ...");
    throw StopParsing{};
  }
  // Whether one began with ---; without it the first has ended too early.
  [[nodiscard]] bool is_explicit() const noexcept { return explicit_; }

  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  Diagnostics& diagnostics_;
  bool explicit_ = false;
};

base::SourcePosition position_of(const Diagnostics& diagnostics, std::size_t offset) {
  const std::string_view before = diagnostics.source().substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {diagnostics.file(), static_cast<std::uint32_t>(line),
          static_cast<std::uint32_t>(offset - line_begin) + 1};
}

// A byte that may not be in a configuration.
struct BadByte {
  std::size_t offset;
  std::string_view what;
  std::string_view help;
};

std::optional<BadByte> find_bad_byte(std::string_view text) {
  constexpr std::string_view kSaveAsUtf8 = "save the file as UTF-8 text";
  std::size_t at = 0;
  while (at < text.size()) {
    char32_t code_point = 0;
    const std::size_t length = decode_utf8(text.substr(at), code_point);
    if (length == 0) return BadByte{at, "this byte is not UTF-8", kSaveAsUtf8};
    if (code_point == 0) return BadByte{at, "a NUL may not be in a configuration", kSaveAsUtf8};
    if (code_point == 0xFEFF) {
      return BadByte{at, "a byte order mark may not be inside a configuration", "leave it out"};
    }
    if (code_point == '\r' && !text.substr(at + 1).starts_with('\n')) {
      return BadByte{at, "a carriage return stands here without a line feed",
                     "end lines with LF or CR LF"};
    }
    const bool control = code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
    if (control && code_point != '\n' && code_point != '\t' && code_point != '\r') {
      return BadByte{at, "a control character may not be in a configuration",
                     "write it as an escape in double quotes, such as \"\\x1b\""};
    }
    at += length;
  }
  return std::nullopt;
}

// The first line that is neither empty nor a comment, by its offset; npos if there is none.
std::size_t first_content(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find_first_not_of(" \t\r", at);
    if (begin == std::string_view::npos) return begin;
    if (text[begin] != '\n' && text[begin] != '#') return begin;
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) return end;
    at = end + 1;
  }
  return std::string_view::npos;
}

bool accept_bytes(Diagnostics& diagnostics) {
  const std::string_view text = diagnostics.source();
  const base::SourcePosition whole{diagnostics.file(), 0, 0};
  if (text.size() > base::limits::kConfigFile) {
    diagnostics.error(whole, "the file is larger than 4 MiB");
    return false;
  }
  if (const auto bad = find_bad_byte(text)) {
    diagnostics.error(position_of(diagnostics, bad->offset), std::string(bad->what),
                      std::string(bad->help));
    return false;
  }
  const std::size_t content = first_content(text);
  if (content == std::string_view::npos) {
    diagnostics.error(whole, "the file is empty", std::string(kEmptyHelp));
    return false;
  }
  if (text[content] == '%') {
    diagnostics.error(position_of(diagnostics, content), "YAML directives are not supported",
                      "leave the line out");
    return false;
  }
  return true;
}

// The position inside the file that is nearest to yaml-cpp's.
base::SourcePosition clamp(const Diagnostics& diagnostics, const YAML::Mark& mark) {
  const std::string_view text = diagnostics.source();
  std::size_t begin = 0;
  std::uint32_t line = 1;
  for (; line <= static_cast<std::uint32_t>(std::max(mark.line, 0)); ++line) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  const std::size_t length = std::min(text.find('\n', begin), text.size()) - begin;
  const auto column = static_cast<std::size_t>(std::max(mark.column, 0));
  return {diagnostics.file(), line, static_cast<std::uint32_t>(std::min(column, length)) + 1};
}

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

// What fits no [...] or {...}. At the end of the file yaml-cpp names a place before the bracket.
void report_open_flow(Diagnostics& diagnostics, const base::SourcePosition& position,
                      const TreeBuilder& builder) {
  const auto opened = builder.open_flow();
  const std::string_view text = diagnostics.source();
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  const base::SourcePosition end = position_of(diagnostics, last);
  const auto place = [](const base::SourcePosition& at) { return std::pair(at.line, at.column); };
  const bool inside = opened && place(position) > place(*opened) && place(position) <= place(end);
  if (opened && !inside) return diagnostics.error(*opened, "this bracket is never closed");
  diagnostics.error(position, "expected a comma or the closing bracket before this",
                    (opened ? "the bracket that is open here stands at " + opened->text() + "\n"
                            : std::string()) +
                        "quote what holds : , { } [ ] or #");
}

void report(Diagnostics& diagnostics, const YAML::Exception& error, const TreeBuilder& builder) {
  base::SourcePosition position = clamp(diagnostics, error.mark);
  const std::string_view line = line_of(diagnostics.source(), position.line);
  const std::size_t indented = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t tab = line.substr(0, indented).find('\t');
  if (tab != std::string_view::npos) {
    position.column = static_cast<std::uint32_t>(tab) + 1;
    return diagnostics.error(position, "a tab stands in the indentation", "indent with spaces");
  }
  const std::string_view theirs = error.msg;
  if (theirs.starts_with("end of map not found") && position.column > indented + 1) {
    return diagnostics.error(position, "the value has ended before this",
                             "put the whole value in quotes, and close every quote");
  }
  if (theirs.find("flow not found") != std::string_view::npos) {
    return report_open_flow(diagnostics, position, builder);
  }
  const auto* const known = std::find_if(
      kTranslations.begin(), kTranslations.end(),
      [theirs](const Translation& candidate) { return theirs.starts_with(candidate.theirs); });
  if (known == kTranslations.end()) return diagnostics.error(position, "YAML: " + error.msg);
  diagnostics.error(position, std::string(known->ours), std::string(known->help));
}

}  // namespace

std::string strip_bom(std::string text) {
  if (text.starts_with(kBom)) text.erase(0, kBom.size());
  return text;
}

bool has_content(std::string_view text) noexcept {
  return first_content(text) != std::string_view::npos;
}

Document read_document(Diagnostics& diagnostics, const Environment& environment,
                       ReadTotals& totals) {
  if (!accept_bytes(diagnostics)) return {};
  TreeBuilder builder(diagnostics, environment, totals);
  SecondDocument second(diagnostics);
  try {
    std::istringstream stream{std::string(diagnostics.source())};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      diagnostics.error({diagnostics.file(), 0, 0}, "the file is empty", std::string(kEmptyHelp));
      return {};
    }
    while (parser.HandleNextDocument(second)) {
    }
  } catch (const YAML::Exception& error) {
    report(diagnostics, error, builder);
    return {};
  } catch (const StopParsing&) {
    if (!second.is_explicit()) return {};  // else the first document is whole: check it too
  }
  return builder.take();
}

}  // namespace berth::config
