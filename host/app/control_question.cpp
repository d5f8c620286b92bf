#include "app/control_question.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "config/schema.h"
#include "http/token.h"
#include "serve/request.h"

namespace berth::app {

namespace {

using Kind = ControlQuestion::Kind;

struct Entry {
  std::string_view method;
  std::string_view prefix;  // of the path
  std::string_view suffix;  // behind the one segment that varies; with it: the whole path
  bool varies = false;
  Kind kind = Kind::kRefused;
  ControlMembers members = {};
};

constexpr std::array kEntries{
    Entry{"GET", "/v1/status", "", false, Kind::kStatus},
    Entry{"POST", "/v1/reload", "", false, Kind::kReload, {.dry_run = true}},
    Entry{"POST", "/v1/rollback", "", false, Kind::kRollback, {.dry_run = true, .to = true}},
    Entry{"GET", "/v1/generations", "", false, Kind::kGenerations},
    Entry{"GET", "/v1/generations/", "/holds", true, Kind::kHolds},
    Entry{"PUT", "/v1/plugins/", "/pin", true, Kind::kPin},
    Entry{"DELETE", "/v1/plugins/", "/pin", true, Kind::kUnpin},
    Entry{"POST", "/v1/plugins/", "/release", true, Kind::kRelease},
    Entry{"POST", "/v1/upgrade", "", false, Kind::kUpgrade},
    Entry{"POST", "/v1/stop", "", false, Kind::kStop},
};

ControlQuestion refused(int status, std::string_view why, std::string_view allow = {}) noexcept {
  ControlQuestion question;
  question.status = status;
  question.why = why;
  question.allow = allow;
  return question;
}

// Whether the path is the entry's; `part`: the segment that varies.
bool matches(const Entry& entry, std::string_view path, std::string_view& part) noexcept {
  if (!entry.varies) return path == entry.prefix;
  if (!path.starts_with(entry.prefix) || !path.ends_with(entry.suffix)) return false;
  if (path.size() <= entry.prefix.size() + entry.suffix.size()) return false;
  part = path.substr(entry.prefix.size(), path.size() - entry.prefix.size() - entry.suffix.size());
  return part.find('/') == std::string_view::npos;
}

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A web page whose name was made to resolve to us would say that name.
bool is_local(std::string_view host) noexcept {
  for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!http::equal_ignoring_case(host.substr(0, name.size()), name)) continue;
    const std::string_view rest = host.substr(name.size());
    if (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) return true;
  }
  return host.empty();
}

bool is_json(const serve::Request& request) noexcept {
  std::string_view type = request.field("Content-Type").value_or(std::string_view());
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return http::equal_ignoring_case(type, "application/json");
}

// Digits without a leading zero that fit.
std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number == 0 || text.front() == '0') {
    return std::nullopt;
  }
  return number;
}

}  // namespace

ControlQuestion recognise(const serve::Request& request) noexcept {
  if (!is_local(request.host())) {
    return refused(403, "the Host of a question to the control socket is localhost");
  }
  if (request.field("Origin") || request.field("Sec-Fetch-Site")) {
    return refused(403, "the control socket answers no web page");
  }
  const Entry* found = nullptr;
  std::string_view part;
  std::string_view allow;
  for (const Entry& entry : kEntries) {
    if (!matches(entry, request.raw_path(), part)) continue;
    if (entry.method == request.method()) found = &entry;
    // The two methods of the one path that has two.
    allow = entry.kind == Kind::kPin || entry.kind == Kind::kUnpin ? "PUT, DELETE" : entry.method;
  }
  if (allow.empty()) return refused(404, "there is no such question; see docs/control-api.md");
  if (found == nullptr) return refused(405, "another method is asked for here", allow);
  if (request.has_query()) return refused(400, "a question takes no query");
  const bool has_body = request.content_length() != std::uint64_t{0};
  if (has_body && request.method() == "GET") return refused(400, "this takes no body");
  if (has_body && !is_json(request)) return refused(415, "a body is application/json");

  ControlQuestion question;
  question.kind = found->kind;
  question.members = found->members;
  if (found->kind == Kind::kHolds) {
    const auto number = number_of(part);
    if (!number) return refused(400, "a generation is a number from 1 on");
    question.generation = *number;
  } else if (found->varies) {
    if (!config::is_name(part)) return refused(400, "that can be no plugin's alias");
    question.alias = part;
  }
  return question;
}

}  // namespace berth::app
