// What proxies write about whom they forward for: the elements of X-Forwarded-For,
// X-Forwarded-Proto and Forwarded (RFC 7239), the nearest proxy's first. Believes nothing: whom to
// trust, and what an address is, is known elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http/fields.h"

namespace berth::http {

// Walks a list that many proxies have appended to, from its end to its beginning, over all field
// lines of one name as if they were one (RFC 9110 s5.3). From the end, because only what the
// nearest proxies wrote can be relied on: nothing that stands before an element changes how it is
// read. Elements are trimmed views into the values, empty ones are skipped.
//
//   for (ElementsFromTheEnd list(fields, "forwarded", Quotes::kHide); list.next();) list.element();
class ElementsFromTheEnd {
 public:
  enum class Quotes : std::uint8_t {
    kNone,  // X-Forwarded-*: every comma ends an element
    kHide,  // Forwarded: not one inside a quoted string (RFC 9110 s5.6.4)
  };

  // Both outlive this. lowercase_name: as is_name() takes it.
  ElementsFromTheEnd(std::span<const Field> fields, std::string_view lowercase_name,
                     Quotes quotes) noexcept
      : fields_(fields), name_(lowercase_name), quotes_(quotes) {}

  // False once there is none left.
  [[nodiscard]] bool next() noexcept;
  // REQUIRES: next() returned true.
  [[nodiscard]] std::string_view element() const noexcept { return element_; }

 private:
  std::span<const Field> fields_;  // not looked at yet
  std::string_view name_;
  Quotes quotes_;
  std::optional<std::string_view> rest_;  // of the line that is looked at
  std::string_view element_;
};

// Someone on the way (RFC 7239 s6).
struct ForwardedNode {
  std::string_view host;   // as it was written, without brackets; empty: unknown or obfuscated
  std::uint16_t port = 0;  // 0: not told
};

// "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]", "[2001:db8::1]:4711", "unknown", "_hidden", a
// port of either kind. What stands before the port or in brackets is not looked into. nullopt:
// malformed.
[[nodiscard]] std::optional<ForwardedNode> parse_forwarded_node(std::string_view text) noexcept;
// An item of X-Forwarded-For, which nobody has specified: the same, and an IPv6 address without
// brackets, which has no port then.
[[nodiscard]] std::optional<ForwardedNode> parse_x_forwarded_for(std::string_view text) noexcept;

// An element of Forwarded, RFC 7239 s4. Other parameters have to be well-formed and are left out.
struct ForwardedElement {
  std::optional<std::string_view> forwarded_for;  // "for", unquoted: who sent it to the proxy
  std::optional<std::string_view> proto;          // "proto", unquoted: how
};

// Bytes that hold a value with escapes; a longer one is malformed.
inline constexpr std::size_t kForwardedScratch = 256;

// nullopt: malformed, as with a parameter that stands twice. Blanks around ";" are let pass. Views
// into text or scratch. REQUIRES scratch.size() >= kForwardedScratch.
[[nodiscard]] std::optional<ForwardedElement> parse_forwarded_element(
    std::string_view text, std::span<char> scratch) noexcept;

}  // namespace berth::http
