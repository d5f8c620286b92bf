// The value of the Date field, made anew once a second. Not a clock.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "base/short_text.h"
#include "http/date.h"

namespace berth::serve {

// One per thread.
class DateCache {
 public:
  // The current date as IMF-fixdate (RFC 9110 s6.6.1). `now` is the clock's, read by the caller for
  // other reasons; the wall clock is asked only when its second may be over. The view dies at the
  // next call.
  [[nodiscard]] std::string_view at(base::TimePoint now, const base::Clock& clock) noexcept {
    return line(now, clock).substr(kName.size(), http::kDateBytes);
  }
  // The same as a whole field line: "Date: ... CR LF".
  [[nodiscard]] std::string_view line(base::TimePoint now, const base::Clock& clock) noexcept {
    if (now >= expires_) [[unlikely]]
      renew(now, clock);
    return {line_.data(), line_.size()};
  }

 private:
  static constexpr std::string_view kName = "Date: ";

  [[gnu::noinline]] void renew(base::TimePoint now, const base::Clock& clock) noexcept {
    const auto wall = clock.wall();
    const auto second = std::chrono::floor<std::chrono::seconds>(wall);
    const auto date = http::format_date(second);
    char* at = base::copy_text(line_.data(), kName);
    at = base::copy_text(at, {date.data(), date.size()});
    base::copy_text(at, "\r\n");
    expires_ = now + (second + std::chrono::seconds(1) - wall);
  }

  base::TimePoint expires_ = base::TimePoint::min();
  std::array<char, kName.size() + http::kDateBytes + 2> line_{};
};

}  // namespace berth::serve
