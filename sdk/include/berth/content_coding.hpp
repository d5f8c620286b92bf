// Which content coding a client takes (Accept-Encoding, RFC 9110 s12.5.3). It encodes nothing.
#pragma once

#include <berth/field_text.hpp>
#include <berth/request.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth {

namespace detail {

// "0.5" as 500; a weight is 0 to 1 with three digits at most (RFC 9110 s12.4.2). What is none is 0:
// who cannot tell what a client wants does as if it did not want it.
constexpr int weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text.front() != '0' && text.front() != '1')) return 0;
  int thousandths = (text.front() - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int place = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    thousandths += (c - '0') * place;
    place /= 10;
  }
  return thousandths <= 1000 ? thousandths : 0;
}

// The weight in an element's parameters; 1000 where there is none.
constexpr int weight_of(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const std::string_view parameter = take_until(parameters, ';');
    if (parameter.size() >= 2 && lower(parameter.front()) == 'q' && parameter[1] == '=') {
      return weight(parameter.substr(2));
    }
  }
  return 1000;
}

// RFC 9110 s8.4.1.3: "x-gzip" is "gzip".
constexpr bool same_coding(std::string_view a, std::string_view b) noexcept {
  if (same_name(a, "x-gzip")) a.remove_prefix(2);
  return same_name(a, b);
}

}  // namespace detail

// How much a client wants `coding`, 0 (not at all) to 1000, as an Accept-Encoding says;
// nullopt: it does not say, neither by name nor by "*". Where it says so twice the first counts.
[[nodiscard]] constexpr std::optional<int> coding_weight(std::string_view accept_encoding,
                                                         std::string_view coding) noexcept {
  std::optional<int> any;
  while (!accept_encoding.empty()) {
    std::string_view element = detail::take_until(accept_encoding, ',');
    const std::string_view name = detail::take_until(element, ';');
    if (detail::same_coding(name, coding)) return detail::weight_of(element);
    if (name == "*" && !any) any = detail::weight_of(element);
  }
  return any;
}

// The best of the codings on offer, the server's favourite first, which breaks ties; nullopt: none,
// send it as it is. A coding is taken only if the client says that it wants it, and wants nothing
// encoded no more than that; without Accept-Encoding none is (RFC 9110 would allow any). Where a
// client refuses identity, too, it gets that: a 406 helps nobody. The offers outlive the result.
[[nodiscard]] inline std::optional<std::string_view> choose_coding(
    const Request& request, std::span<const std::string_view> offers) {
  std::string accepted;  // several lines are one list (RFC 9110 s5.2)
  for (const auto& [name, value] : request.headers()) {
    if (detail::same_name(name, "Accept-Encoding")) accepted.append(value).append(",");
  }
  std::optional<std::string_view> best;
  int best_weight = 0;
  for (const std::string_view offer : offers) {
    const int weight = coding_weight(accepted, offer).value_or(0);
    if (weight <= best_weight) continue;
    best = offer;
    best_weight = weight;
  }
  const bool rather_plain = coding_weight(accepted, "identity").value_or(0) > best_weight;
  return rather_plain ? std::nullopt : best;
}

}  // namespace berth
