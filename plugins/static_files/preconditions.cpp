#include "preconditions.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>

#include "http_date.h"

namespace static_files {

namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// Whether one of the entity tags in the list is ours. Ours is strong, so a weak one is equal to it
// in the weak comparison only (RFC 9110 s8.8.3.2). What is no list ends it.
bool lists(std::string_view list, std::string_view etag, bool weak_comparison) noexcept {
  while (!list.empty()) {
    if (list.front() == ' ' || list.front() == '\t' || list.front() == ',') {
      list.remove_prefix(1);
      continue;
    }
    const bool weak = list.starts_with("W/");
    if (weak) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const std::size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == etag && (weak_comparison || !weak)) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

// Over all lines of that name; nullopt: there is none.
std::optional<bool> names_tag(const berth::Request& request, std::string_view name,
                              std::string_view etag, bool weak_comparison) {
  std::optional<bool> found;
  for (const auto& [field, value] : request.headers()) {
    if (!same_name(field, name)) continue;
    found = found.value_or(false) || value == "*" || lists(value, etag, weak_comparison);
  }
  return found;
}

std::optional<std::time_t> date(const berth::Request& request, std::string_view name) {
  const auto value = request.header(name);
  return value ? parse_http_date(*value) : std::nullopt;
}

// Digits off the front; what is too large is as large as can be. nullopt: no digit.
std::optional<std::uint64_t> take_number(std::string_view& text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument) return std::nullopt;
  if (error != std::errc{}) value = std::numeric_limits<std::uint64_t>::max();
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// RFC 9110 s14.1.2. REQUIRES: size > 0.
Part parse(std::string_view range, std::uint64_t size) noexcept {
  constexpr std::string_view kUnit = "bytes=";
  const Part unsatisfiable{Part::Kind::kUnsatisfiable, 0, 0};
  if (!same_name(range.substr(0, kUnit.size()), kUnit)) return {};
  range.remove_prefix(kUnit.size());
  const std::optional<std::uint64_t> first = take_number(range);
  if (!range.starts_with('-')) return {};
  range.remove_prefix(1);
  const std::optional<std::uint64_t> last = take_number(range);
  if (!range.empty() || (!first && !last)) return {};
  if (!first) {  // the last so many bytes
    if (*last == 0) return unsatisfiable;
    const std::uint64_t length = std::min(*last, size);
    return {Part::Kind::kPart, size - length, length};
  }
  if (last && *last < *first) return {};
  if (*first >= size) return unsatisfiable;
  const std::uint64_t end = last && *last < size - 1 ? *last : size - 1;
  return {Part::Kind::kPart, *first, end - *first + 1};
}

// RFC 9110 s13.1.5: by strong comparison; a date has to be exactly ours.
bool range_applies(const berth::Request& request, const Validators& validators) {
  const auto condition = request.header("If-Range");
  if (!condition) return true;
  if (condition->starts_with('"')) return *condition == validators.etag;
  return validators.modified != 0 && parse_http_date(*condition) == validators.modified;
}

}  // namespace

Verdict evaluate(const berth::Request& request, const Validators& validators) {
  const std::time_t modified = validators.modified;
  if (const auto match = names_tag(request, "If-Match", validators.etag, false)) {
    if (!*match) return Verdict::kFailed;
  } else if (const auto since = date(request, "If-Unmodified-Since"); since && modified != 0) {
    if (modified > *since) return Verdict::kFailed;
  }
  if (const auto match = names_tag(request, "If-None-Match", validators.etag, true)) {
    return *match ? Verdict::kNotModified : Verdict::kSend;
  }
  const auto since = date(request, "If-Modified-Since");
  return since && modified != 0 && modified <= *since ? Verdict::kNotModified : Verdict::kSend;
}

Part part_of(const berth::Request& request, const Validators& validators, std::uint64_t size) {
  const Part whole{Part::Kind::kWhole, 0, size};
  const auto range = request.header("Range");
  if (!range || size == 0 || request.method() != "GET") return whole;
  if (!range_applies(request, validators)) return whole;
  const Part part = parse(*range, size);
  return part.kind == Part::Kind::kWhole ? whole : part;
}

}  // namespace static_files
