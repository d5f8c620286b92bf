// What the SDK reads of a client: the input taken as a Range, an Accept-Encoding, a list of entity
// tags, a date, a place to redirect to, an escaped path and the name of a file.
#include <berth/byte_ranges.hpp>
#include <berth/content_coding.hpp>
#include <berth/http_date.hpp>
#include <berth/media_type.hpp>
#include <berth/preconditions.hpp>
#include <berth/redirect.hpp>
#include <berth/strip_prefix.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "fuzz/fuzz_check.h"

namespace {

using berth::fuzz::check;
using berth::fuzz::lies_in;

void check_ranges(std::string_view field, std::uint64_t size) {
  using Kind = berth::ByteRanges::Kind;
  const auto ranges = berth::ByteRanges::parse(field, size);
  check((ranges.kind() == Kind::parts) == !ranges.parts().empty(), "parts are parts");
  check(size != 0 || ranges.kind() == Kind::whole, "nothing has no parts");
  std::string again = "bytes=";
  std::uint64_t left = size;
  for (const auto& part : ranges.parts()) {
    check(part.length > 0 && part.first < size, "a part is not empty and begins within");
    check(part.length <= size - part.first, "a part ends within");
    check(part.length <= left, "all parts together are no larger than the whole");
    left -= part.length;
    again += std::to_string(part.first) + "-" + std::to_string(part.first + part.length - 1) + ",";
  }
  if (ranges.kind() != Kind::parts) return;
  const auto second = berth::ByteRanges::parse(again, size);
  check(second.parts().size() == ranges.parts().size(), "ranges round trip");
  for (std::size_t i = 0; i < ranges.parts().size(); ++i) {
    check(second.parts()[i] == ranges.parts()[i], "ranges round trip");
  }
}

void check_codings(std::string_view field) {
  for (const std::string_view coding : {"gzip", "br", "identity"}) {
    const auto weight = berth::coding_weight(field, coding);
    check(!weight || (*weight >= 0 && *weight <= 1000), "a weight is 0 to 1000");
    const auto refused =
        berth::coding_weight(std::string(coding) + ";q=0," + std::string(field), coding);
    check(refused == 0, "what is said first counts");
  }
}

void check_etags(std::string_view list) {
  const bool strongly = berth::detail::lists_etag(list, "\"a\"", false);
  check(!strongly || berth::detail::lists_etag(list, "\"a\"", true), "strong is weak, too");
  check(!berth::detail::lists_etag(list, "W/\"a\"", false), "weak is never strong");
  check(!strongly || list.find("\"a\"") != std::string_view::npos, "what is listed is there");
  check(berth::detail::lists_etag("\"a\"," + std::string(list), "\"a\"", false), "the first is");
}

void check_redirect(std::string_view target, std::string_view location) {
  const std::string resolved = berth::detail::resolve_location(target, location);
  for (const char c : resolved)
    check(c > ' ' && c < 0x7f && c != '\\', "a location is a URI's bytes");
  check(berth::detail::escape_location(resolved) == resolved, "escaping is idempotent");
  if (berth::detail::has_scheme_or_authority(location)) return;
  check(resolved.starts_with('/') && !resolved.starts_with("//"),
        "a relative one stays on the host");
  const std::string path = resolved.substr(0, resolved.find_first_of("?#"));
  check((path + "/").find("/../") == std::string::npos, "its path does not climb");
  check(path.find("//") == std::string::npos, "its path has no empty segment");
  check(berth::detail::clean_location(path) == path, "cleaning is idempotent");
}

void check_prefix(std::string_view raw_path) {
  const auto rest = berth::detail::behind_prefix(raw_path, "/foo");
  if (!rest) return;
  check(lies_in(*rest, raw_path), "what is left lies in the path");
  check(rest->empty() || rest->front() == '/', "a prefix ends where a segment ends");
  const std::string below = "/foo" + std::string(*rest);
  check(berth::detail::behind_prefix(below, "/foo") == *rest, "a prefix in plain letters");
}

void check_date(std::string_view text) {
  const auto time = berth::parse_http_date(text);
  if (!time || *time < 0) return;
  check(berth::parse_http_date(berth::http_date(*time)) == time, "a date round trip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10}, std::uint64_t{1000}, kLargest}) {
    check_ranges(text, length);
  }
  check_codings(text);
  check_etags(text);
  const std::string_view target = text.substr(0, text.find(' '));
  check_redirect("/a/b?c", text);
  check_redirect(target, text.substr(target.size()));
  check_redirect(target, "x");
  check_prefix(text);
  check_date(text);
  check(!berth::media_type(text).empty(), "a file has a type");
  return 0;
}
