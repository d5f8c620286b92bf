// The value of the Date field, made anew once a second. Not a clock.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "http/date.h"

namespace berth::serve {

// One per thread.
class DateCache {
 public:
  // The current date as IMF-fixdate (RFC 9110 s6.6.1). `now` is the clock's, read by the caller for
  // other reasons; the wall clock is asked only when its second may be over. The view dies at the
  // next call.
  [[nodiscard]] std::string_view at(base::TimePoint now, const base::Clock& clock) noexcept {
    if (now >= expires_) {
      const auto wall = clock.wall();
      const auto second = std::chrono::floor<std::chrono::seconds>(wall);
      text_ = http::format_date(second);
      expires_ = now + (second + std::chrono::seconds(1) - wall);
    }
    return {text_.data(), text_.size()};
  }

 private:
  base::TimePoint expires_ = base::TimePoint::min();
  std::array<char, http::kDateBytes> text_{};
};

}  // namespace berth::serve
