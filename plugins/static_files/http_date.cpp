#include "http_date.h"

#include <locale.h>
#include <time.h>

#include <array>
#include <cstddef>

namespace static_files {

namespace {

class English {
 public:
  English() : locale_(::newlocale(LC_TIME_MASK, "C", nullptr)) {}
  English(const English&) = delete;
  English& operator=(const English&) = delete;
  ~English() { ::freelocale(locale_); }
  [[nodiscard]] locale_t get() const noexcept { return locale_; }

 private:
  locale_t locale_;
};

constexpr const char* kPreferred = "%a, %d %b %Y %H:%M:%S GMT";

}  // namespace

std::string http_date(std::time_t time) {
  const English english;
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  std::array<char, 64> text;
  return {text.data(), ::strftime_l(text.data(), text.size(), kPreferred, &utc, english.get())};
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  // IMF-fixdate, then the obsolete ones: RFC 850's and asctime's.
  constexpr std::array<const char*, 3> kForms{kPreferred, "%A, %d-%b-%y %H:%M:%S GMT",
                                              "%a %b %e %H:%M:%S %Y"};
  constexpr std::size_t kLongest = 33;  // "Wednesday, 06-Nov-94 08:49:37 GMT"
  if (text.size() > kLongest) return std::nullopt;
  const std::string whole(text);
  const English english;
  for (const char* form : kForms) {
    std::tm utc{};
    const char* const end = ::strptime_l(whole.c_str(), form, &utc, english.get());
    if (end == whole.c_str() + whole.size()) return ::timegm(&utc);
  }
  return std::nullopt;
}

}  // namespace static_files
