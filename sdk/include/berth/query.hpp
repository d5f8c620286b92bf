// The query of a request as a collection (Go's url.Values). It parses nothing: the host has, and
// this gathers what it found. For one value Request::query_value() is enough.
#pragma once

#include <berth/request.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace berth {

// Decoded pairs in the order sent, names may repeat: "&" separates and ";" does not (Go 1.17), "+"
// is a blank, "a" is "a" with an empty value, empty pairs are none (WHATWG URL s5.1). A pair with a
// malformed escape is left out and the others are there all the same. Client input throws nothing.
// Views live until serve() returns.
class Query {
 public:
  // The host's own bound is 1000 pairs as well.
  static constexpr std::size_t kMaxPairs = 1000;

  explicit Query(const Request& request, std::size_t max_pairs = kMaxPairs) {
    for (const NameValue& pair : request.query_values()) {
      if (pairs_.size() == max_pairs) break;
      pairs_.push_back(pair);
    }
    left_out_ = count(request.query()) - pairs_.size();
  }

  // The value of the first pair of this name, compared byte by byte.
  [[nodiscard]] std::optional<std::string_view> first(std::string_view name) const noexcept {
    for (const NameValue& pair : pairs_) {
      if (pair.name == name) return pair.value;
    }
    return std::nullopt;
  }
  // Those of all of them, in order; empty: there is none.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const NameValue& pair : pairs_) {
      if (pair.name == name) values.push_back(pair.value);
    }
    return values;
  }
  [[nodiscard]] bool has(std::string_view name) const noexcept { return first(name).has_value(); }

  [[nodiscard]] std::vector<NameValue>::const_iterator begin() const noexcept {
    return pairs_.begin();
  }
  [[nodiscard]] std::vector<NameValue>::const_iterator end() const noexcept { return pairs_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return pairs_.size(); }
  [[nodiscard]] bool empty() const noexcept { return pairs_.empty(); }

  // How many pairs were sent that are not here: malformed, or above a bound. A strict handler
  // answers 400 unless it is 0.
  [[nodiscard]] std::size_t left_out() const noexcept { return left_out_; }

 private:
  // Of pairs that are not empty, good or not.
  static std::size_t count(std::string_view raw) noexcept {
    std::size_t pairs = 0;
    while (!raw.empty()) {
      const std::size_t end = std::min(raw.find('&'), raw.size());
      pairs += end != 0 ? 1U : 0U;
      raw.remove_prefix(std::min(end + 1, raw.size()));
    }
    return pairs;
  }

  std::vector<NameValue> pairs_;
  std::size_t left_out_ = 0;
};

}  // namespace berth
