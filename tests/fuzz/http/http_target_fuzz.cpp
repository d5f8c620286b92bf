// "METHOD TARGET" taken apart, decoded, cleaned; and the input taken as a date, a list and a host.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "fuzz/fuzz_check.h"
#include "http/clean_path.h"
#include "http/date.h"
#include "http/percent_encoding.h"
#include "http/query_parameters.h"
#include "http/sniff.h"
#include "http/target.h"
#include "http/token.h"

namespace {

using berth::fuzz::check;
using berth::fuzz::kReplay;
using berth::fuzz::lies_in;
using berth::fuzz::number_of;
using berth::http::Target;

void check_clean(std::string_view path) {
  std::string once;
  berth::http::clean_path(path, once);
  std::string twice;
  berth::http::clean_path(once, twice);
  check(once == twice, "clean_path is idempotent");
  check(once.starts_with('/'), "a clean path begins with a slash");
  check(once.find("//") == std::string::npos, "a clean path has no empty segment");
  check(("/" + once + "/").find("/../") == std::string::npos, "a clean path does not climb");
  check(once.size() <= path.size() + 1, "cleaning adds a slash at most");
  check(berth::http::needs_cleaning(path) == (once != path), "needs_cleaning tells");
}

void check_query(std::string_view query) {
  berth::http::QueryParameters parameters(16);
  const bool ok = parameters.parse(query).ok();
  check(parameters.size() <= 16, "parameters are capped");
  std::string again;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto [name, value] = parameters.at(i);
    check(parameters.find(name).has_value(), "a parameter is found");
    if (!again.empty()) again += '&';
    berth::http::percent_encode(name, "", again);
    again += '=';
    berth::http::percent_encode(value, "", again);
  }
  berth::http::QueryParameters second(16);
  check(second.parse(again).ok() && second.size() == parameters.size(), "a query round trip");
  for (std::size_t i = 0; i < second.size(); ++i) {
    check(second.at(i) == parameters.at(i), "a query round trip");
  }
  if (ok) check(berth::http::has_valid_escapes(query), "a good query has good escapes");
}

void check_target(std::string_view method, std::string_view text) {
  const auto parsed = berth::http::parse_target(method, text);
  if (!parsed.ok()) return;
  const Target& target = parsed.value();
  check(target.path == "/" || lies_in(target.path, text), "the path lies in the target");
  check(lies_in(target.query, text) && lies_in(target.authority, text), "views lie in the target");
  check(target.has_query || target.query.empty(), "no query without a question mark");
  check(text.find('#') == std::string_view::npos, "no fragment");
  switch (target.form) {
    case Target::Form::kOrigin:
      check(target.path.starts_with('/') && target.authority.empty(), "origin form");
      check(target.path.size() + target.query.size() + (target.has_query ? 1 : 0) == text.size(),
            "nothing is lost");
      break;
    case Target::Form::kAbsolute:
      check(target.path.starts_with('/'), "absolute form");
      check(berth::http::is_host(target.authority), "an authority is a host");
      break;
    case Target::Form::kAuthority:
      check(method == "CONNECT" && berth::http::is_host(target.authority), "authority form");
      break;
    case Target::Form::kAsterisk:
      check(method == "OPTIONS" && text == "*", "asterisk form");
      break;
  }
  std::string decoded;
  check(berth::http::percent_decode(target.path, decoded), "the path's escapes are valid");
  check_clean(target.path);
  check_query(target.query);
}

void check_escapes(std::string_view text) {
  std::string encoded;
  berth::http::percent_encode(text, "/", encoded);
  std::string decoded;
  check(berth::http::percent_decode(encoded, decoded) && decoded == text, "decode(encode(x)) == x");
  std::string out = "kept";
  const bool ok = berth::http::percent_decode(text, out);
  check(ok == berth::http::has_valid_escapes(text), "has_valid_escapes tells");
  if (!ok) check(out == "kept", "a failed decode leaves the output alone");
}

void check_dates(std::string_view text) {
  using std::chrono::sys_seconds;
  const sys_seconds now{std::chrono::seconds(1'700'000'000)};
  if (const auto time = berth::http::parse_date(text, now)) {
    const auto formatted = berth::http::format_date(*time);
    check(berth::http::parse_date({formatted.data(), formatted.size()}, now) == time, "date");
  }
  std::uint64_t number = 0;
  if (!text.empty()) std::memcpy(&number, text.data(), text.size() < 8 ? text.size() : 8);
  // The years 1 to 9999.
  const sys_seconds time{
      std::chrono::seconds(static_cast<std::int64_t>(number % 315537897600U) - 62135596800)};
  const auto formatted = berth::http::format_date(time);
  check(berth::http::parse_date({formatted.data(), formatted.size()}, now) == time,
        "date round trip");
}

void check_list(std::string_view text) {
  std::size_t bytes = 0;
  for (berth::http::ListElements list(text); list.next();) {
    check(lies_in(list.element(), text) && !list.element().empty(), "elements lie in the value");
    check(berth::http::list_contains(text, list.element()), "an element is contained");
    bytes += list.element().size();
  }
  check(bytes <= text.size(), "elements do not overlap");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t space = text.find(' ');
  if (space != std::string_view::npos) check_target(text.substr(0, space), text.substr(space + 1));
  // Each reads the input in a way of its own, and one at a time is enough while fuzzing.
  const std::size_t number = number_of(text);
  const auto turn = [number](std::size_t which) { return kReplay || number % 4 == which; };
  if (turn(0)) check_clean(text);
  if (turn(1)) check_escapes(text);
  if (turn(2)) check_query(text);
  if (turn(3)) check_dates(text);
  if (turn(3) && size < 4096) check_list(text);
  check(!berth::http::sniff_content_type(text).empty(), "a type is always guessed");
  if (berth::http::is_host(text)) check(text.find_first_of("/@ ,\\") == text.find(','), "host");
  return 0;
}
