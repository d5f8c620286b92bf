#include "plugin/inspect.h"

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "base/sha256.h"
#include "config/printable.h"
#include "plugin/library_folders.h"
#include "plugin/unload_blockers.h"

namespace berth::plugin {

namespace {

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ", ";
    text += word;
  }
  return text;
}

class TextWriter {
 public:
  void line(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    constexpr std::size_t kWidth = 12;
    text_ += name;
    text_.append(name.size() < kWidth ? kWidth - name.size() : 1, ' ');
    text_ += config::printable(value);
    text_ += '\n';
  }
  void lines(std::string_view name, std::span<const std::string> values) {
    for (const std::string& value : values) line(name, value);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

class JsonWriter {
 public:
  void text(std::string_view name, std::string_view value) {
    begin(name);
    quote(value);
  }
  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    out_ += std::to_string(value);
  }
  void boolean(std::string_view name, bool value) {
    begin(name);
    out_ += value ? "true" : "false";
  }
  void list(std::string_view name, std::span<const std::string> values) {
    begin(name);
    out_ += '[';
    bool first = true;
    for (const std::string& value : values) {
      if (!std::exchange(first, false)) out_ += ',';
      quote(value);
    }
    out_ += ']';
  }
  [[nodiscard]] std::string take() { return std::move(out_) + "}\n"; }

 private:
  void begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    quote(name);
    out_ += ':';
  }
  // printable() leaves neither control bytes nor anything but UTF-8.
  void quote(std::string_view value) {
    out_ += '"';
    for (const char c : config::printable(value)) {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
    out_ += '"';
  }
  std::string out_ = "{";
};

}  // namespace

base::Result<Inspection> inspect(const PluginFile& file, const HostIdentity& host,
                                 const HostLibraries& libraries) {
  const auto elf = ElfFile::parse(file.bytes);
  if (!elf) return base::fail(elf.error());
  Inspection result;
  result.path = file.path;
  result.machine = machine_name(elf->machine());
  result.size = elf->size();
  base::Sha256 sha256;
  sha256.add(file.bytes);
  result.digest = base::hexadecimal(sha256.finish());
  result.build_id = elf->build_id();
  result.needed.assign(elf->needed().begin(), elf->needed().end());
  result.unload_blockers = unload_blockers(*elf);
  if (auto note = read_note(*elf); note.ok()) {
    result.has_note = true;
    result.note = std::move(*note);
  }

  if (!file.trust) {
    result.refusals.push_back(file.trust.error().text);
  } else if (*file.trust) {
    result.warnings.push_back(**file.trust);
  }
  if (const auto checked = check_plugin(*elf, host); !checked) {
    result.refusals.push_back(checked.error().text);
  }
  if (const auto checked = libraries.check(elf->needed()); !checked) {
    result.refusals.push_back(checked.error().text);
  }
  if (elf->text_relocations()) {
    result.warnings.emplace_back("it has text relocations: compile all of it with -fPIC");
  }
  for (std::string& warning : library_warnings(*elf, process_policy(false))) {
    result.warnings.push_back(std::move(warning));
  }
  for (const std::string_view path : {elf->rpath(), elf->runpath()}) {
    if (path.empty()) continue;
    result.warnings.push_back("it looks for libraries in " + std::string(path) +
                              " first (RPATH); install them where the system looks instead");
  }
  return result;
}

std::string to_text(const Inspection& inspection) {
  TextWriter out;
  const PluginNote& note = inspection.note;
  out.line("file", inspection.path);
  if (inspection.has_note) {
    out.line("name", note.name);
    out.line("version", note.version);
    out.line("kinds", joined(note.kinds));
    out.line("middleware", joined(note.middleware));
    out.line("abi", std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor));
    out.line("sdk", note.sdk);
    out.line("compiler", note.compiler);
    out.line("cxxabi", note.cxxabi);
    out.line("sanitizer", note.sanitizer);
    out.line("glibc", note.glibc);
    out.line("git", note.git);
  }
  out.line("machine", inspection.machine);
  out.line("size", std::to_string(inspection.size) + " bytes");
  out.line("sha256", inspection.digest);
  out.line("build-id", inspection.build_id.empty() ? "none" : inspection.build_id);
  out.line("needs", inspection.needed.empty() ? "nothing" : joined(inspection.needed));
  if (inspection.unload_blockers.empty()) {
    out.line("unload", "nothing known keeps it in memory");
  }
  out.lines("unload", inspection.unload_blockers);
  out.lines("warning", inspection.warnings);
  if (inspection.refusals.empty()) out.line("verdict", "this host loads it");
  out.lines("refused", inspection.refusals);
  return out.take();
}

std::string to_json(const Inspection& inspection) {
  JsonWriter out;
  const PluginNote& note = inspection.note;
  out.text("file", inspection.path);
  if (inspection.has_note) {
    out.text("name", note.name);
    out.text("version", note.version);
    out.list("kinds", note.kinds);
    out.list("middleware", note.middleware);
    out.text("abi", std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor));
    out.text("sdk", note.sdk);
    out.text("compiler", note.compiler);
    out.text("cxxabi", note.cxxabi);
    out.text("sanitizer", note.sanitizer);
    out.text("glibc", note.glibc);
    out.text("git", note.git);
  }
  out.text("machine", inspection.machine);
  out.number("size", inspection.size);
  out.text("sha256", inspection.digest);
  out.text("build_id", inspection.build_id);
  out.list("needs", inspection.needed);
  out.list("unload_blockers", inspection.unload_blockers);
  out.list("warnings", inspection.warnings);
  out.boolean("loads", inspection.refusals.empty());
  out.list("refusals", inspection.refusals);
  return out.take();
}

}  // namespace berth::plugin
