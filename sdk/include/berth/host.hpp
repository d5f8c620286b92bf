// How this image reaches its host, and what a failed call becomes; not for use by plugins but
// through the other headers.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

// A host call failed. Let it pass: the host knows what to answer (413, 408, 500) and what to log.
class Error : public std::exception {
 public:
  // code: a berth_errc; call: the member of ResponseWriter or Request that failed, for the log.
  Error(std::int64_t code, std::string_view call) : code_(static_cast<std::int32_t>(code)) {
    text_.append(call).append(": ").append(reason(code_));
  }
  // A berth_errc; see the call in abi.h for what it means there.
  [[nodiscard]] std::int32_t code() const noexcept { return code_; }
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  static const char* reason(std::int32_t code) noexcept {
    switch (code) {
      case BERTH_E_INVALID:
        return "not allowed by HTTP or by the contract";
      case BERTH_E_CLOSED:
        return "the client is gone";
      case BERTH_E_TIMEOUT:
        return "a deadline passed";
      case BERTH_E_STATE:
        return "too late, or not offered by this host";
      case BERTH_E_TOO_LARGE:
        return "above a limit";
      default:
        return "failed; the host's log says why";
    }
  }
  std::int32_t code_;
  std::string text_;
};

namespace detail {

// The table of this image: one variable in each plugin, whatever else the process has loaded.
__attribute__((visibility("hidden"))) inline const berth_host* host = nullptr;

// Every call from the host that gets a table comes through here. A reload makes handlers while
// others serve, so the variable is written once only.
inline void attach(const berth_host* table) noexcept {
  if (host != table) host = table;
}

constexpr berth_str str(std::string_view text) noexcept {
  // An empty view may have no address, and NULL means absent.
  return {text.data() != nullptr ? text.data() : "", text.size()};
}
constexpr std::string_view view(berth_str text) noexcept { return {text.data, text.size}; }
constexpr std::optional<std::string_view> maybe(berth_str text) noexcept {
  if (text.data == nullptr) return std::nullopt;
  return view(text);
}
inline std::size_t check(std::int64_t result, std::string_view call) {
  if (result < 0) throw Error(result, call);
  return static_cast<std::size_t>(result);
}

}  // namespace detail
}  // namespace berth
