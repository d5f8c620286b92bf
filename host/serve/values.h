// Text by name that outlives the one who set it: what middleware leaves for handlers, what a
// listener is configured with. Go's context values, as text, for plugins share no types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "serve/io_error.h"

namespace berth::serve {

// Whose values.
enum class ValueScope : std::uint8_t {
  kRequest,     // until the exchange is over
  kConnection,  // until the connection is
  kListener,    // of the configuration; nobody sets them
};

// Bounded by limits::kValues and limits::kValueBytes. One thread at a time.
class Values {
 public:
  // nullopt: not set. The view dies when the name is set again, and with the values.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

  // kInvalid: the name is empty. kTooLarge: above a limit; what was set stays.
  [[nodiscard]] base::Status<IoError> set(std::string_view name, std::string_view value);

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  void clear() noexcept;

 private:
  std::map<std::string, std::string, std::less<>> entries_;  // nodes, so that views stay
  std::size_t bytes_ = 0;                                    // of names and values
};

}  // namespace berth::serve
