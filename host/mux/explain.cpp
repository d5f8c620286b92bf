#include "mux/explain.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "http/token.h"
#include "mux/path.h"
#include "mux/precedence.h"

namespace berth::mux {
namespace {

using Kind = Segment::Kind;

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// As it stands in a pattern.
std::string spelled(const Segment& segment) {
  switch (segment.kind) {
    case Kind::kLiteral:
      return quoted(segment.text);
    case Kind::kWildcard:
      return '{' + segment.text + '}';
    case Kind::kRest:
      return segment.text.empty() ? "a trailing slash" : '{' + segment.text + "...}";
    case Kind::kEnd:
      return "{$}";
  }
  return {};
}

// The parts between the slashes of a path that begins with one, still encoded.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    parts.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(parts.back().size());
  }
  return parts;
}

std::string at_segment(std::size_t index) { return "segment " + std::to_string(index + 1); }

// Why the pattern does not match the path; nullopt where it does.
std::optional<std::string> path_mismatch(const Pattern& pattern,
                                         const std::vector<std::string_view>& parts) {
  const std::vector<Segment>& segments = pattern.segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (i == parts.size()) {
      if (segment.kind == Kind::kRest || segment.kind == Kind::kEnd) {
        return "the path does not end with \"/\"";
      }
      return "the path ends before " + at_segment(i) + ", " + spelled(segment);
    }
    if (segment.kind == Kind::kRest) return std::nullopt;
    if (segment.kind == Kind::kEnd) {
      if (parts[i].empty() && i + 1 == parts.size()) return std::nullopt;
      return "the path goes on after the \"/\" that {$} ends";
    }
    std::string buffer(parts[i].size(), '\0');
    if (parts[i].empty() ||
        (segment.kind == Kind::kLiteral && decoded(parts[i], buffer) != segment.text)) {
      return at_segment(i) + " is " + quoted(parts[i]) + ", not " + spelled(segment);
    }
  }
  if (segments.size() == parts.size()) return std::nullopt;
  return "the path goes on after " + at_segment(segments.size() - 1);
}

bool takes_method(const Pattern& pattern, std::string_view method) {
  const Relation methods = compare_methods(pattern.method(), method);
  return methods == Relation::kEquivalent || methods == Relation::kMoreGeneral;
}

bool on_listener(const Route& route, std::uint32_t listener) {
  return route.listeners.empty() || std::find(route.listeners.begin(), route.listeners.end(),
                                              listener) != route.listeners.end();
}

bool takes_host(const Pattern& pattern, std::string_view host) {
  return pattern.host().empty() || http::equal_ignoring_case(pattern.host(), without_port(host));
}

// REQUIRES: both match the request, and the winner is the more specific one.
std::string why_less_specific(const Pattern& winner, const Pattern& loser) {
  if (winner.host() != loser.host()) return winner.text() + " names the host";
  const std::vector<Segment>& more = winner.segments();
  const std::vector<Segment>& less = loser.segments();
  for (std::size_t i = 0; i < std::min(more.size(), less.size()); ++i) {
    if (more[i].kind == less[i].kind) continue;
    return winner.text() + " is more specific: its " + at_segment(i) + " is " + spelled(more[i]) +
           ", here it is " + spelled(less[i]);
  }
  return winner.text() + " is more specific: its method is " + winner.method();
}

Candidate judge(const Table& table, std::uint32_t entry, std::string_view method,
                std::string_view host, const std::vector<std::string_view>& parts,
                std::uint32_t listener) {
  const Route& route = table.routes()[entry];
  const Pattern& pattern = route.pattern;
  if (std::optional<std::string> mismatch = path_mismatch(pattern, parts)) {
    return {entry, Verdict::kOtherPath, std::move(*mismatch)};
  }
  if (!on_listener(route, listener)) {
    return {entry, Verdict::kOtherListener, "it is not on this listener"};
  }
  if (!takes_host(pattern, host)) {
    return {entry, Verdict::kOtherHost, "it is only for the host " + quoted(pattern.host())};
  }
  if (!takes_method(pattern, method)) {
    return {entry, Verdict::kOtherMethod, "it is only for " + pattern.method()};
  }
  return {entry, Verdict::kLessSpecific, {}};
}

std::string counted(std::size_t matching) {
  if (matching == 1) return "the only route that matches";
  return "the most specific of " + std::to_string(matching) + " routes that match";
}

std::string summarize(const Table& table, const Match& match, std::string_view method,
                      std::string_view host, std::string_view raw_path, std::string_view raw_query,
                      std::uint32_t listener) {
  switch (match.outcome) {
    case Outcome::kMatched:
      return "answered by " + table.routes()[match.entry].pattern.text();
    case Outcome::kRedirect: {
      const std::string status = std::to_string(redirect_status(method));
      return status + " to " + redirect_location(match, raw_path, raw_query) +
             (match.adds_slash ? ": only the path with a trailing slash has a route"
                               : ": the path is not clean");
    }
    case Outcome::kMethodNotAllowed:
      return "405, allowed are " + table.allowed_methods(host, raw_path, listener);
    case Outcome::kNotFound:
      return "404, no route matches";
    case Outcome::kBadRequest:
      return "400, the path has a malformed or a disguised segment, or no \"/\" at its beginning";
  }
  return {};
}

}  // namespace

std::string_view name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::kWins:
      return "wins";
    case Verdict::kLessSpecific:
      return "less specific";
    case Verdict::kOtherMethod:
      return "other method";
    case Verdict::kOtherHost:
      return "other host";
    case Verdict::kOtherListener:
      return "other listener";
    case Verdict::kOtherPath:
      return "other path";
  }
  return {};
}

Explanation explain(const Table& table, std::string_view method, std::string_view host,
                    std::string_view raw_path, std::string_view raw_query, std::uint32_t listener) {
  Match match;
  table.find(method, host, raw_path, listener, match);
  Explanation result{
      match.outcome, summarize(table, match, method, host, raw_path, raw_query, listener), {}};
  if (match.outcome == Outcome::kBadRequest) return result;

  std::string target(raw_path);
  if (match.outcome == Outcome::kRedirect) {
    target = redirect_location(match, raw_path, {});
    table.find(method, host, target, listener, match);
  }
  const std::vector<std::string_view> parts = split(target);
  std::size_t matching = 0;
  for (std::uint32_t entry = 0; entry < table.routes().size(); ++entry) {
    result.candidates.push_back(judge(table, entry, method, host, parts, listener));
    matching += result.candidates.back().verdict == Verdict::kLessSpecific ? 1U : 0U;
  }
  for (Candidate& candidate : result.candidates) {
    if (candidate.verdict != Verdict::kLessSpecific) continue;
    if (match.outcome != Outcome::kMatched) continue;
    const Pattern& winner = table.routes()[match.entry].pattern;
    if (candidate.entry == match.entry) {
      candidate.verdict = Verdict::kWins;
      candidate.reason = counted(matching);
    } else {
      candidate.reason = why_less_specific(winner, table.routes()[candidate.entry].pattern);
    }
  }
  std::stable_sort(result.candidates.begin(), result.candidates.end(),
                   [](const auto& a, const auto& b) { return a.verdict < b.verdict; });
  return result;
}

}  // namespace berth::mux
