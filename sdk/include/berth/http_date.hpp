// Dates of HTTP fields (RFC 9110 s5.6.7) and seconds since 1970, both ways. In English whatever the
// process's locale is.
#pragma once

#include <locale.h>
#include <time.h>

#include <array>
#include <cstddef>
#include <ctime>
#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

namespace detail {

class English {
 public:
  English() : locale_(::newlocale(LC_TIME_MASK, "C", nullptr)) {
    if (locale_ == locale_t{}) throw std::bad_alloc();
  }
  English(const English&) = delete;
  English& operator=(const English&) = delete;
  ~English() { ::freelocale(locale_); }
  [[nodiscard]] locale_t get() const noexcept { return locale_; }

 private:
  locale_t locale_;
};

// IMF-fixdate, then the obsolete ones: RFC 850's and asctime's.
inline constexpr std::array<const char*, 3> kDateForms{
    "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};

// strptime(3) takes a 31st of any month.
inline bool in_calendar(const std::tm& utc) noexcept {
  std::tm noon{};
  noon.tm_year = utc.tm_year;
  noon.tm_mon = utc.tm_mon;
  noon.tm_mday = utc.tm_mday;
  noon.tm_hour = 12;
  ::timegm(&noon);
  return noon.tm_mday == utc.tm_mday;
}

}  // namespace detail

// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] inline std::string http_date(std::time_t time) {
  const detail::English english;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 64> text;
  return {text.data(),
          ::strftime_l(text.data(), text.size(), detail::kDateForms.front(), &utc, english.get())};
}

// Any of the three forms a recipient has to take; nullopt: it is none.
[[nodiscard]] inline std::optional<std::time_t> parse_http_date(std::string_view text) {
  constexpr std::size_t kLongest = 33;  // "Wednesday, 06-Nov-94 08:49:37 GMT"
  if (text.size() > kLongest) return std::nullopt;
  const std::string whole(text);
  const detail::English english;
  for (const char* form : detail::kDateForms) {
    std::tm utc{};
    const char* const end = ::strptime_l(whole.c_str(), form, &utc, english.get());
    if (end != whole.c_str() + whole.size()) continue;
    return detail::in_calendar(utc) ? std::optional(::timegm(&utc)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace berth
