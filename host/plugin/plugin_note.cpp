#include "plugin/plugin_note.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace berth::plugin {

namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view kFormat = "1";

base::Failure<base::Error> malformed(const std::string& what) {
  return fail(ErrorCode::kCorrupt,
              "the plugin's note (.note.berth) is malformed: " + what + "; build it again");
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

struct Line {
  std::string_view key;
  std::string_view value;
};

base::Result<std::vector<Line>> split(std::string_view text) {
  std::vector<Line> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed("its last line has no end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (has_control(line)) return malformed("it has control bytes");
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return malformed("\"" + std::string(line) + "\" is not KEY=VALUE");
    }
    const Line entry{line.substr(0, equals), line.substr(equals + 1)};
    const bool twice = std::any_of(lines.begin(), lines.end(),
                                   [&](const Line& other) { return other.key == entry.key; });
    if (twice) return malformed("the key \"" + std::string(entry.key) + "\" stands there twice");
    lines.push_back(entry);
  }
  return lines;
}

std::optional<std::string_view> find(const std::vector<Line>& lines, std::string_view key) {
  for (const Line& line : lines) {
    if (line.key == key) return line.value;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "0.1"
bool read_abi(std::string_view text, PluginNote& note) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  const auto major = whole_number(text.substr(0, dot));
  const auto minor = whole_number(text.substr(dot + 1));
  if (!major || !minor) return false;
  note.abi_major = *major;
  note.abi_minor = *minor;
  return true;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> result;
  while (true) {
    const std::size_t begin = text.find_first_not_of(", ");
    if (begin == std::string_view::npos) return result;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(", "), text.size());
    result.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

base::Result<PluginNote> parse_note(std::string_view descriptor) {
  // Linkers and assemblers may pad the text.
  while (!descriptor.empty() && descriptor.back() == '\0') descriptor.remove_suffix(1);
  const auto lines = split(descriptor);
  if (!lines) return fail(lines.error());
  const auto format = find(*lines, "format");
  if (!format) return malformed("the key \"format\" is missing");
  if (*format != kFormat) {
    return fail(ErrorCode::kIncompatible, "the plugin's note has format " + std::string(*format) +
                                              ", this host reads format " + std::string(kFormat) +
                                              ": build the plugin with the SDK of this host");
  }
  PluginNote note;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"sdk", &note.sdk},           {"name", &note.name},     {"version", &note.version},
      {"compiler", &note.compiler}, {"cxxabi", &note.cxxabi}, {"sanitizer", &note.sanitizer},
      {"arch", &note.arch},         {"glibc", &note.glibc},   {"git", &note.git},
  };
  for (const auto& [key, target] : texts) *target = find(*lines, key).value_or("");
  for (const std::string_view key : {"sdk", "abi", "name", "version", "sanitizer"}) {
    if (find(*lines, key).value_or("").empty()) {
      return malformed("the key \"" + std::string(key) + "\" is missing");
    }
  }
  const std::string_view abi = *find(*lines, "abi");
  if (!read_abi(abi, note)) return malformed("abi=" + std::string(abi) + " is not MAJOR.MINOR");
  note.kinds = words(find(*lines, "kinds").value_or(""));
  note.middleware = words(find(*lines, "middleware").value_or(""));
  return note;
}

}  // namespace berth::plugin
