// The semantics of a route table written as plainly as possible, for comparing with Table: every
// pattern is tried, the most specific one is taken. Not fast and not shipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mux/pattern.h"
#include "mux/precedence.h"

namespace berth::mux::testing {

// Percent-decoded; malformed escapes stay as they are.
inline std::string unescape(std::string_view text) {
  const auto digit = [](char c) {
    return std::string_view("0123456789abcdef")
        .find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) < 16 &&
        digit(text[i + 2]) < 16) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

inline std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    segments.push_back(unescape(path.substr(at + 1, end - at - 1)));
    at = end;
  }
  return segments;
}

// path is clean and begins with "/".
inline bool path_matches(const Pattern& pattern, std::string_view path) {
  const std::vector<std::string> parts = segments_of(path);
  const std::vector<Segment>& segments = pattern.segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i >= parts.size()) return false;
    switch (segments[i].kind) {
      case Segment::Kind::kRest:
        return true;
      case Segment::Kind::kEnd:
        return parts[i].empty() && i + 1 == parts.size();
      case Segment::Kind::kWildcard:
        if (parts[i].empty()) return false;
        break;
      case Segment::Kind::kLiteral:
        if (parts[i] != segments[i].text) return false;
        break;
    }
  }
  return segments.size() == parts.size();
}

inline bool method_matches(const Pattern& pattern, std::string_view method) {
  return pattern.method().empty() || pattern.method() == method ||
         (pattern.method() == "GET" && method == "HEAD");
}

// The place of the most specific pattern that takes the request. host: lower case, without a port.
// REQUIRES: no two patterns conflict.
inline std::optional<std::uint32_t> naive_find(std::span<const Pattern> patterns,
                                               std::string_view method, std::string_view host,
                                               std::string_view path) {
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) {
    const Pattern& pattern = patterns[i];
    if (!pattern.host().empty() && pattern.host() != host) continue;
    if (!method_matches(pattern, method) || !path_matches(pattern, path)) continue;
    if (!best) {
      best = i;
      continue;
    }
    const bool best_has_host = !patterns[*best].host().empty();
    const bool has_host = !pattern.host().empty();
    const bool better = has_host != best_has_host
                            ? has_host
                            : relation(pattern, patterns[*best]) == Relation::kMoreSpecific;
    if (better) best = i;
  }
  return best;
}

}  // namespace berth::mux::testing
