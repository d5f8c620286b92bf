// The methods that the patterns of one table name, as numbers. Not a list of known methods.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::mux {

// Ordered so that a greater number is the more specific one where both take a request.
class Methods {
 public:
  using Id = std::uint32_t;
  static constexpr Id kAny = 0;  // of a pattern without a method
  static constexpr Id kGet = 1;
  static constexpr Id kHead = 2;
  static constexpr Id kConnect = 3;
  static constexpr Id kUnnamed = UINT32_MAX - 1;  // of a request: no pattern names its method
  static constexpr Id kEvery = UINT32_MAX;        // instead of a request's: each pattern takes it

  // The number of a pattern's method, a new one if need be.
  [[nodiscard]] Id add(std::string_view method);

  // Of a request's method, never kAny. Case-sensitive (RFC 9110 s9.1).
  [[nodiscard]] Id id(std::string_view method) const noexcept {
    if (method == "GET") [[likely]]
      return kGet;
    return other_id(method);
  }
  // REQUIRES: id was given by add and is not kAny.
  [[nodiscard]] const std::string& name(Id id) const noexcept { return names_[id]; }

  // GET serves HEAD too (RFC 9110 s9.3.2).
  [[nodiscard]] static bool takes(Id pattern, Id request) noexcept {
    return pattern == request || pattern == kAny || (pattern == kGet && request == kHead) ||
           request == kEvery;
  }

 private:
  [[nodiscard]] Id other_id(std::string_view method) const noexcept;

  std::vector<std::string> names_ = {"", "GET", "HEAD", "CONNECT"};  // by number
  std::vector<Id> sorted_ = {kConnect, kGet, kHead};                 // by name
};

}  // namespace berth::mux
