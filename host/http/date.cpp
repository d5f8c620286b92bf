#include "http/date.h"

#include <algorithm>
#include <cassert>

#include "http/token.h"

namespace berth::http {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void put_digits(char* out, int digits, unsigned value) noexcept {
  for (int i = digits - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

// Reads a date from front to back; once something does not fit, ok() stays false.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  void expect(std::string_view literal) noexcept {
    ok_ = ok_ && rest_.starts_with(literal);
    if (ok_) rest_.remove_prefix(literal.size());
  }

  // Exactly so many digits; with pad, the first may be a space (asctime).
  int number(std::size_t digits, bool pad = false) noexcept {
    ok_ = ok_ && rest_.size() >= digits;
    int value = 0;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      const char c = rest_[i];
      if (pad && i == 0 && c == ' ') continue;
      ok_ = character::is(c, character::kDigit);
      value = 10 * value + (c - '0');
    }
    if (ok_) rest_.remove_prefix(digits);
    return value;
  }

  std::chrono::month month() noexcept {
    const auto found = std::find(kMonths.begin(), kMonths.end(), rest_.substr(0, 3));
    ok_ = ok_ && found != kMonths.end();
    if (ok_) rest_.remove_prefix(3);
    return std::chrono::month(static_cast<unsigned>(found - kMonths.begin()) + 1);
  }

  // RFC 9110 s5.6.7: a leap second is allowed; system time has none.
  std::chrono::seconds time_of_day() noexcept {
    const int hour = number(2);
    expect(":");
    const int minute = number(2);
    expect(":");
    const int second = number(2);
    ok_ = ok_ && hour < 24 && minute < 60 && second <= 60;
    return std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(std::min(second, 59));
  }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<sys_seconds> join(const Reader& reader, int year, std::chrono::month month, int day,
                                std::chrono::seconds time) noexcept {
  if (!reader.at_end()) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), month,
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + time;
}

// "06 Nov 1994 08:49:37 GMT"
std::optional<sys_seconds> parse_fixdate(std::string_view text) noexcept {
  Reader reader(text);
  const int day = reader.number(2);
  reader.expect(" ");
  const auto month = reader.month();
  reader.expect(" ");
  const int year = reader.number(4);
  reader.expect(" ");
  const auto time = reader.time_of_day();
  reader.expect(" GMT");
  return join(reader, year, month, day, time);
}

// "06-Nov-94 08:49:37 GMT". RFC 9110 s5.6.7: over 50 years in the future is the past.
std::optional<sys_seconds> parse_rfc850(std::string_view text, sys_seconds now) noexcept {
  Reader reader(text);
  const int day = reader.number(2);
  reader.expect("-");
  const auto month = reader.month();
  reader.expect("-");
  const int short_year = reader.number(2);
  reader.expect(" ");
  const auto time = reader.time_of_day();
  reader.expect(" GMT");
  const std::chrono::year_month_day today(std::chrono::floor<std::chrono::days>(now));
  const int this_year = static_cast<int>(today.year());
  const int next_century = this_year - this_year % 100 + 100 + short_year;
  for (int year = next_century; year > next_century - 300; year -= 100) {
    const auto limit = today.month() / today.day() / (this_year + 50);
    const std::chrono::year_month_day date(std::chrono::year(year), month,
                                           std::chrono::day(static_cast<unsigned>(day)));
    if (date <= limit) return join(reader, year, month, day, time);
  }
  return std::nullopt;
}

// "Nov  6 08:49:37 1994"
std::optional<sys_seconds> parse_asctime(std::string_view text) noexcept {
  Reader reader(text);
  const auto month = reader.month();
  reader.expect(" ");
  const int day = reader.number(2, true);
  reader.expect(" ");
  const auto time = reader.time_of_day();
  reader.expect(" ");
  const int year = reader.number(4);
  return join(reader, year, month, day, time);
}

}  // namespace

std::array<char, kDateBytes> format_date(sys_seconds time) noexcept {
  const sys_days day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  assert(date.year() >= std::chrono::year(0) && date.year() <= std::chrono::year(9999));

  std::array<char, kDateBytes> text;
  constexpr std::string_view kShape = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::copy(kShape.begin(), kShape.end(), text.begin());
  const std::string_view weekday = kDays[std::chrono::weekday(day).c_encoding()];
  std::copy_n(weekday.begin(), 3, text.begin());
  put_digits(&text[5], 2, static_cast<unsigned>(date.day()));
  const std::string_view month = kMonths[static_cast<unsigned>(date.month()) - 1];
  std::copy_n(month.begin(), 3, text.begin() + 8);
  put_digits(&text[12], 4, static_cast<unsigned>(static_cast<int>(date.year())));
  put_digits(&text[17], 2, static_cast<unsigned>(clock.hours().count()));
  put_digits(&text[20], 2, static_cast<unsigned>(clock.minutes().count()));
  put_digits(&text[23], 2, static_cast<unsigned>(clock.seconds().count()));
  return text;
}

std::optional<sys_seconds> parse_date(std::string_view text, sys_seconds now) noexcept {
  for (const std::string_view day : kDays) {
    const std::string_view short_day = day.substr(0, 3);
    if (!text.starts_with(short_day)) continue;
    const std::string_view after_short = text.substr(3);
    if (after_short.starts_with(", ")) return parse_fixdate(after_short.substr(2));
    if (after_short.starts_with(" ")) return parse_asctime(after_short.substr(1));
    if (!text.starts_with(day)) continue;
    const std::string_view after_day = text.substr(day.size());
    if (after_day.starts_with(", ")) return parse_rfc850(after_day.substr(2), now);
  }
  return std::nullopt;
}

}  // namespace berth::http
