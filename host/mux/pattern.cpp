#include "mux/pattern.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "http/token.h"
#include "mux/path.h"

namespace berth::mux {
namespace {

namespace limits = base::limits;

constexpr std::array<std::string_view, 9> kKnownMethods = {
    "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string quoted(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (is_control(c) || c == '"' || c == '\\') {
      const auto byte = static_cast<unsigned char>(c);
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

using Problem = std::optional<PatternError>;

Problem problem(std::size_t offset, std::string text) {
  return PatternError{offset, std::move(text)};
}

Problem check_method(std::string_view method) {
  const auto bad = std::find_if_not(method.begin(), method.end(), [](char c) {
    return http::character::is(c, http::character::kToken);
  });
  if (bad != method.end()) {
    return problem(static_cast<std::size_t>(bad - method.begin()),
                   quoted(method) + " is no method; a pattern is [METHOD ][HOST]/[PATH]");
  }
  if (method.size() > limits::kMethod) {
    return problem(limits::kMethod,
                   "the method has more than " + std::to_string(limits::kMethod) + " bytes");
  }
  std::string upper(method);
  std::transform(upper.begin(), upper.end(), upper.begin(), to_upper);
  const bool known =
      std::find(kKnownMethods.begin(), kKnownMethods.end(), upper) != kKnownMethods.end();
  if (known && upper != method) {
    return problem(0, quoted(method) + " is not the method " + upper +
                          ": methods are case-sensitive (did you mean \"" + upper + "\"?)");
  }
  return std::nullopt;
}

// The host begins at offset. An IPv6 address stands in brackets (RFC 3986 s3.2.2).
Problem check_host(std::string_view host, std::size_t offset) {
  if (const std::size_t brace = host.find_first_of("{*"); brace != host.npos) {
    return problem(offset + brace, host[brace] == '{'
                                       ? "a host holds no wildcards (is a \"/\" missing before it?)"
                                       : "a host holds no wildcards; leave it out for every host");
  }
  std::size_t i = 0;
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    if (close == host.npos) return problem(offset, "the \"[\" of the host is never closed");
    for (i = 1; i < close; ++i) {
      if (is_digit(host[i]) || host[i] == ':' || host[i] == '.') continue;
      const char lower = to_lower(host[i]);
      if (lower < 'a' || lower > 'f') {
        return problem(offset + i, "only an IPv6 address may stand in brackets");
      }
    }
    i = close + 1;
    if (i < host.size() && host[i] != ':') {
      return problem(offset + i, "nothing may follow the \"]\" of a host");
    }
  }
  for (; i < host.size(); ++i) {
    const char c = host[i];
    if (c == ':') {
      return problem(offset + i, "a host has no port here: requests match with theirs taken off");
    }
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_' && c != '~') {
      return problem(offset + i, "a host holds letters, digits, \"-\", \".\", \"_\" and \"~\"");
    }
  }
  return std::nullopt;
}

// A literal that begins at offset, not empty; decodes it into out.
Problem read_literal(std::string_view raw, std::size_t offset, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '{') return problem(offset + i, "a wildcard is a whole segment: \"/{name}/\"");
    if (c == '}') return problem(offset + i, "a \"}\" without a \"{\" (for the character: %7D)");
    if (c == '?') return problem(offset + i, "a pattern has no query (for the character: %3F)");
    if (c == '#') return problem(offset + i, "a pattern has no fragment (for the character: %23)");
    if (c == ' ') return problem(offset + i, "a space in the path (for the character: %20)");
    if (is_control(c)) return problem(offset + i, "a control character in the path");
  }
  out.resize(raw.size());
  const std::optional<std::size_t> size = decode(raw, out);
  if (!size) {
    std::size_t at = raw.find('%');
    while (is_escape(raw.substr(at))) at = raw.find('%', at + 3);
    return problem(offset + at, "a \"%\" without two hexadecimal digits (for the character: %25)");
  }
  out.resize(*size);
  if (out == "." || out == "..") {
    return problem(offset, quoted(raw) + " can never match: paths are cleaned before matching");
  }
  return std::nullopt;
}

// A segment that begins with "{".
Problem read_wildcard(std::string_view raw, std::size_t offset, bool last, Segment& out) {
  const std::size_t close = raw.find('}');
  if (close == raw.npos) return problem(offset, "the \"{\" is never closed within its segment");
  if (close + 1 != raw.size()) {
    return problem(offset + close + 1,
                   "a wildcard is a whole segment: nothing may follow its \"}\"");
  }
  std::string_view name = raw.substr(1, close - 1);
  if (name == "$") {
    if (!last) return problem(offset, "{$} may only stand at the end");
    out = {Segment::Kind::kEnd, {}};
    return std::nullopt;
  }
  const bool rest = name.ends_with("...");
  if (rest) name.remove_suffix(3);
  if (name.empty()) return problem(offset + 1, "the wildcard has no name");
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_letter(name[i]) || name[i] == '_' || (i > 0 && is_digit(name[i]))) continue;
    return problem(offset + 1 + i,
                   quoted(name) + " is no name: letters, digits and \"_\", no digit first");
  }
  if (rest && !last) {
    return problem(offset, "{" + std::string(name) + "...} may only stand at the end");
  }
  out = {rest ? Segment::Kind::kRest : Segment::Kind::kWildcard, std::string(name)};
  return std::nullopt;
}

bool has_name(const Segment& segment) {
  return segment.kind == Segment::Kind::kWildcard ||
         (segment.kind == Segment::Kind::kRest && !segment.text.empty());
}

// path begins with "/" and at offset in the pattern.
Problem read_path(std::string_view path, std::size_t offset, std::vector<Segment>& out) {
  std::size_t begin = 1;
  while (true) {
    const std::size_t slash = path.find('/', begin);
    const bool last = slash == path.npos;
    const std::string_view raw = path.substr(begin, last ? path.npos : slash - begin);
    const std::size_t at = offset + begin;
    if (out.size() == limits::kPatternSegments) {
      return problem(at, "the pattern has more than " + std::to_string(limits::kPatternSegments) +
                             " segments");
    }
    Segment segment{Segment::Kind::kLiteral, {}};
    if (raw.empty()) {
      if (!last) return problem(at, "\"//\" can never match: paths are cleaned before matching");
      segment.kind = Segment::Kind::kRest;
    } else if (Problem wrong = raw.front() == '{' ? read_wildcard(raw, at, last, segment)
                                                  : read_literal(raw, at, segment.text)) {
      return wrong;
    }
    if (has_name(segment)) {
      for (const Segment& other : out) {
        if (has_name(other) && other.text == segment.text) {
          return problem(at + 1, "two wildcards are called " + quoted(segment.text));
        }
      }
    }
    out.push_back(std::move(segment));
    if (last) return std::nullopt;
    begin = slash + 1;
  }
}

}  // namespace

base::Result<Pattern, PatternError> Pattern::parse(std::string_view text) {
  if (text.empty()) return base::fail(PatternError{0, "the pattern is empty"});
  if (text.size() > limits::kPattern) {
    return base::fail(
        PatternError{limits::kPattern,
                     "the pattern has more than " + std::to_string(limits::kPattern) + " bytes"});
  }
  Pattern pattern;
  pattern.text_ = text;
  std::size_t at = 0;
  if (const std::size_t space = text.find_first_of(" \t");
      space != text.npos && space < text.find('/')) {
    if (space == 0) return base::fail(PatternError{0, "white space before the pattern"});
    pattern.method_ = text.substr(0, space);
    if (Problem wrong = check_method(pattern.method_)) return base::fail(std::move(*wrong));
    at = std::min(text.find_first_not_of(" \t", space), text.size());
  }
  const std::size_t slash = text.find('/', at);
  if (slash == text.npos) {
    return base::fail(PatternError{text.size(), "no \"/\": a pattern is [METHOD ][HOST]/[PATH]"});
  }
  pattern.host_ = text.substr(at, slash - at);
  if (Problem wrong = check_host(pattern.host_, at)) return base::fail(std::move(*wrong));
  std::transform(pattern.host_.begin(), pattern.host_.end(), pattern.host_.begin(), to_lower);
  if (Problem wrong = read_path(text.substr(slash), slash, pattern.segments_)) {
    return base::fail(std::move(*wrong));
  }
  return pattern;
}

std::vector<std::string_view> Pattern::names() const {
  std::vector<std::string_view> names;
  for (const Segment& segment : segments_) {
    if (has_name(segment)) names.emplace_back(segment.text);
  }
  return names;
}

std::string to_string(const Pattern& pattern) {
  std::string out = pattern.method();
  if (!out.empty()) out += ' ';
  out += pattern.host();
  for (const Segment& segment : pattern.segments()) {
    out += '/';
    switch (segment.kind) {
      case Segment::Kind::kLiteral:
        out += encode_segment(segment.text);
        break;
      case Segment::Kind::kWildcard:
        out += '{' + segment.text + '}';
        break;
      case Segment::Kind::kRest:
        if (!segment.text.empty()) out += '{' + segment.text + "...}";
        break;
      case Segment::Kind::kEnd:
        out += "{$}";
        break;
    }
  }
  return out;
}

}  // namespace berth::mux
