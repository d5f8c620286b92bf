#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/printable.h"
#include "config/schema.h"
#include "config/values.h"

namespace berth::config {

namespace {

constexpr std::string_view kHelp =
    "write `user: berth`, `user: berth:www-data` or `user: 65532:65532`";

bool is_number(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of a user or a group, as far as can be told without asking the system.
bool is_possible(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  const bool plain = std::none_of(text.begin(), text.end(), [](unsigned char c) {
    return c <= ' ' || c == 0x7F || c == ':' || c == ',' || c == '/';
  });
  if (text.empty() || text.size() > kLongest || !plain || text.front() == '-') return false;
  if (!is_number(text)) return true;
  const auto number = parse_integer(text);
  return number && *number < UINT32_MAX;  // (uid_t)-1 is nobody's
}

}  // namespace

User read_user(const Node& node, Report& report) {
  const auto text = report.take(node.as_string());
  if (!text) return {};
  const std::size_t colon = text->find(':');
  const std::string_view name = text->substr(0, colon);
  const std::string_view group = colon == text->npos ? "" : text->substr(colon + 1);
  if (!is_possible(name) || (colon != text->npos && !is_possible(group))) {
    report.error(node.position(), quote(*text) + " is no user, nor a user and a group",
                 std::string(kHelp));
    return {};
  }
  if (name == "root" || name == "0") {
    report.error(node.position(), "`user` is whom root is given up for, and cannot be root",
                 "leave it out, and start berth with --allow-root, if that is what you want");
    return {};
  }
  return {.name = std::string(name), .group = std::string(group), .position = node.position()};
}

}  // namespace berth::config
