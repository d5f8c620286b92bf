// Conditional requests (RFC 9110 s13) for what has validators. It sends nothing.
#pragma once

#include <berth/field_text.hpp>
#include <berth/http_date.hpp>
#include <berth/request.hpp>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

// What tells one state of a resource from another (RFC 9110 s8.8).
struct Validators {
  std::string etag;          // with its quotes, and W/ before them if it is weak; empty: none
  std::time_t modified = 0;  // seconds since 1970; 0: not told
};

namespace detail {

// RFC 9110 s8.8.3.2. Both with their quotes; `weakly`: W/ makes no difference.
inline bool same_etag(std::string_view a, std::string_view b, bool weakly) noexcept {
  const bool weak = a.starts_with("W/") || b.starts_with("W/");
  if (a.starts_with("W/")) a.remove_prefix(2);
  if (b.starts_with("W/")) b.remove_prefix(2);
  return a == b && (weakly || !weak);
}

// Whether one of the entity tags in the list is ours. What is no list ends it.
inline bool lists_etag(std::string_view list, std::string_view etag, bool weakly) noexcept {
  while (!list.empty()) {
    if (list.front() == ' ' || list.front() == '\t' || list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    const std::size_t open = list.starts_with("W/") ? 2 : 0;
    if (!list.substr(open).starts_with('"')) return false;
    const std::size_t end = list.find('"', open + 1);
    if (end == std::string_view::npos) return false;
    if (same_etag(list.substr(0, end + 1), etag, weakly)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

// Over all lines of that name; nullopt: there is none.
inline std::optional<bool> names_etag(const Request& request, std::string_view name,
                                      std::string_view etag, bool weakly) {
  if (!request.header(name)) return std::nullopt;  // one call of the host instead of many
  bool found = false;
  for (const auto& [field, value] : request.headers()) {
    if (!same_name(field, name)) continue;
    found = found || value == "*" || lists_etag(value, etag, weakly);
  }
  return found;
}

// Of a field that is no list: two lines of it are one malformed value (RFC 9110 s5.3), "".
inline std::optional<std::string_view> only_line(const Request& request, std::string_view name) {
  std::optional<std::string_view> only;
  if (!request.header(name)) return only;
  for (const auto& [field, value] : request.headers()) {
    if (same_name(field, name)) only = only ? std::string_view() : value;
  }
  return only;
}

inline std::optional<std::time_t> date_of(const Request& request, std::string_view name) {
  const auto value = only_line(request, name);
  return value ? parse_http_date(*value) : std::nullopt;
}

// Whether what changed at that time may change again without a date or time that tells: clocks of
// files tick every few milliseconds, those of some file systems every 2 s, dates every second.
inline bool changed_lately(std::time_t modified) noexcept {
  constexpr std::time_t kSettled = 2;
  return modified > std::time(nullptr) - kSettled;
}

}  // namespace detail

// What the conditions leave to do: answer as if there were none, with 304, or with 412.
enum class Verdict : std::uint8_t { send, not_modified, failed };

// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of
// RFC 9110 s13.2.2. The resource is there, so "*" matches. A date that is none is ignored, so are
// two, and so are dates where there is none to compare with. 304 is for GET and HEAD alone;
// If-Modified-Since is ignored for other methods, and a matching If-None-Match fails.
[[nodiscard]] inline Verdict evaluate_preconditions(const Request& request,
                                                    const Validators& validators) {
  const std::time_t modified = validators.modified;
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  if (const auto match = detail::names_etag(request, "If-Match", validators.etag, false)) {
    if (!*match) return Verdict::failed;
  } else if (const auto since = detail::date_of(request, "If-Unmodified-Since")) {
    if (modified != 0 && modified > *since) return Verdict::failed;
  }
  if (const auto match = detail::names_etag(request, "If-None-Match", validators.etag, true)) {
    if (!*match) return Verdict::send;
    return reads ? Verdict::not_modified : Verdict::failed;
  }
  const auto since = detail::date_of(request, "If-Modified-Since");
  const bool unmodified = reads && since && modified != 0 && modified <= *since;
  return unmodified ? Verdict::not_modified : Verdict::send;
}

// Whether If-Range lets a Range be looked at (RFC 9110 s13.1.5): there is none, its entity tag is
// ours by strong comparison, or its date is exactly ours and no less than 2 s ago, for then nothing
// else had that date (s8.8.2.2).
[[nodiscard]] inline bool range_applies(const Request& request, const Validators& validators) {
  const auto condition = detail::only_line(request, "If-Range");
  if (!condition) return true;
  if (condition->starts_with('"')) {
    return detail::same_etag(*condition, validators.etag, false);
  }
  return validators.modified != 0 && parse_http_date(*condition) == validators.modified &&
         !detail::changed_lately(validators.modified);
}

}  // namespace berth
