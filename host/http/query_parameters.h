// The decoded name=value pairs of a query (application/x-www-form-urlencoded, WHATWG URL s5.1); the
// raw query is Target::query.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::http {

struct QueryParameter {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const QueryParameter&, const QueryParameter&) = default;
};

enum class QueryError : std::uint8_t {
  kBadEscape,  // a "%" without two hexadecimal digits: that pair is left out
  kTooMany,    // more than max_parameters: the rest is left out
};

// In the order sent, names may repeat. "&" separates, ";" does not; "+" is a space; a pair without
// "=" has an empty value; empty pairs are skipped. Parsing again reuses the memory.
// Views die at the next parse(), clear() or move. Not for several threads at once.
class QueryParameters {
 public:
  static constexpr std::size_t kMaxParameters = 1000;

  explicit QueryParameters(std::size_t max_parameters = kMaxParameters) noexcept
      : max_parameters_(max_parameters) {}

  // Replaces what was there. After an error the pairs without fault are there all the same, as Go's
  // URL.Query has it, and the error is the first one.
  base::Status<QueryError> parse(std::string_view raw_query);
  void clear() noexcept;

  // The value of the first pair of this name (compared byte by byte).
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  // REQUIRES: index < size().
  [[nodiscard]] QueryParameter at(std::size_t index) const noexcept {
    const Entry& entry = entries_[index];
    const char* name = text_.data() + entry.at;
    return {{name, entry.name_size}, {name + entry.name_size, entry.value_size}};
  }

 private:
  struct Entry {
    std::size_t at;
    std::size_t name_size;
    std::size_t value_size;
  };

  std::size_t max_parameters_;
  std::string text_;  // name value name value ..., in the order of entries_
  std::vector<Entry> entries_;
};

}  // namespace berth::http
