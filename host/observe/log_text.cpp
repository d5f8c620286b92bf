#include "observe/log_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "observe/escape.h"

namespace berth::observe {

namespace {

constexpr std::size_t kMessageBytes = 2 * std::size_t{1024};
constexpr std::size_t kValueBytes = 1024;
constexpr std::size_t kKeyBytes = 64;
constexpr std::string_view kTextCut = " cut=true\n";
constexpr std::string_view kJsonCut = ",\"cut\":true}\n";

bool is_key_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-';
}

// Keys of ours are never given twice in an object.
bool add_key(LineBuffer& line, std::string_view key) noexcept {
  if (key == "time" || key == "level" || key == "message" || key == "cut" || key.empty()) {
    if (!line.add('_')) return false;
  }
  for (const char c : key.substr(0, kKeyBytes)) {
    if (!line.add(is_key_character(c) ? c : '_')) return false;
  }
  return true;
}

bool add_number(LineBuffer& line, const Field& field) noexcept {
  switch (field.kind()) {
    case Field::Kind::kSigned:
      return line.add_number(field.signed_integer());
    case Field::Kind::kUnsigned:
      return line.add_number(field.unsigned_integer());
    case Field::Kind::kReal:
      return line.add_number(field.real());
    case Field::Kind::kBoolean:
      return line.add(field.boolean() ? "true" : "false");
    case Field::Kind::kText:
      break;
  }
  return false;
}

// A value is cut at its own limit, but not for want of room: then the field is left out.
bool add_quoted(LineBuffer& line, std::string_view value, std::size_t max_bytes,
                void (*escape)(LineBuffer&, std::string_view, std::size_t) noexcept) noexcept {
  if (line.room() < std::min(max_bytes, value.size() * 6) + 2) return false;
  line.add('"');
  escape(line, value, max_bytes);
  return line.add('"');
}

bool add_text_value(LineBuffer& line, const Field& field) noexcept {
  if (field.kind() != Field::Kind::kText) return add_number(line, field);
  const std::string_view value = field.text();
  if (!is_bare(value)) return add_quoted(line, value, kValueBytes, add_ascii);
  if (line.room() < std::min(kValueBytes, value.size())) return false;
  add_ascii(line, value, kValueBytes);
  return true;
}

bool add_json_value(LineBuffer& line, const Field& field) noexcept {
  if (field.kind() == Field::Kind::kText) {
    return add_quoted(line, field.text(), kValueBytes, add_json);
  }
  if (field.kind() == Field::Kind::kReal && !std::isfinite(field.real())) return line.add("null");
  return add_number(line, field);
}

// A message may hold spaces without quotes, but nothing that looks like a field.
bool is_plain_message(std::string_view message) noexcept {
  return !message.empty() && message.front() != '"' && message.find('=') == std::string_view::npos;
}

// Adds fields until one does not fit; whether all did.
template <class AddField>
bool add_fields(LineBuffer& line, std::span<const Field> fields, AddField add_field) noexcept {
  for (const Field& field : fields) {
    const std::size_t before = line.size();
    if (!add_field(field)) {
      line.rewind(before);
      return false;
    }
  }
  return true;
}

}  // namespace

void format_text(LineBuffer& line, const LogLine& what) noexcept {
  std::array<char, kMaxTimestamp> buffer;
  line.keep(kTextCut.size());
  line.add(rfc3339(what.time, buffer));
  line.add(' ');
  line.add(name(what.level));
  line.add(' ');
  if (is_plain_message(what.message)) {
    add_ascii(line, what.message, kMessageBytes);
  } else {
    add_quoted(line, what.message, kMessageBytes, add_ascii);
  }
  const bool whole = add_fields(line, what.fields, [&](const Field& field) {
    return line.add(' ') && add_key(line, field.key()) && line.add('=') &&
           add_text_value(line, field);
  });
  line.keep(0);
  line.add(whole ? "\n" : kTextCut);
}

void format_json(LineBuffer& line, const LogLine& what) noexcept {
  std::array<char, kMaxTimestamp> buffer;
  line.keep(kJsonCut.size());
  line.add("{\"time\":\"");
  line.add(rfc3339(what.time, buffer));
  line.add("\",\"level\":\"");
  line.add(name(what.level));
  line.add("\",\"message\":");
  add_quoted(line, what.message, kMessageBytes, add_json);
  const bool whole = add_fields(line, what.fields, [&](const Field& field) {
    return line.add(",\"") && add_key(line, field.key()) && line.add("\":") &&
           add_json_value(line, field);
  });
  line.keep(0);
  line.add(whole ? "}\n" : kJsonCut);
}

}  // namespace berth::observe
