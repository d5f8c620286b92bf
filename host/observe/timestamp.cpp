#include "observe/timestamp.h"

#include <array>
#include <cassert>

namespace berth::observe {

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

class Writer {
 public:
  explicit Writer(std::span<char> buffer) noexcept : buffer_(buffer) {
    assert(buffer.size() >= kMaxTimestamp);
  }
  Writer& digits(unsigned value, std::size_t count) noexcept {
    for (std::size_t i = count; i-- > 0; value /= 10) {
      buffer_[used_ + i] = static_cast<char>('0' + value % 10);
    }
    used_ += count;
    return *this;
  }
  Writer& text(std::string_view text) noexcept {
    for (const char c : text) buffer_[used_++] = c;
    return *this;
  }
  [[nodiscard]] std::string_view view() const noexcept { return {buffer_.data(), used_}; }

 private:
  std::span<char> buffer_;
  std::size_t used_ = 0;
};

struct Parts {
  unsigned year, month, day, hour, minute, second, millisecond;
};

Parts split(WallTime time) noexcept {
  using std::chrono::days;
  using std::chrono::floor;
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto since_midnight = static_cast<unsigned long long>((time - day).count()) / 1000;
  const int year = static_cast<int>(date.year());
  const auto seconds = static_cast<unsigned>(since_midnight / 1000);
  return {year < 0 || year > 9999 ? 0U : static_cast<unsigned>(year),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<unsigned>(since_midnight % 1000)};
}

}  // namespace

std::string_view rfc3339(WallTime time, std::span<char> buffer) noexcept {
  const Parts at = split(time);
  Writer writer(buffer);
  writer.digits(at.year, 4).text("-").digits(at.month, 2).text("-").digits(at.day, 2);
  writer.text("T").digits(at.hour, 2).text(":").digits(at.minute, 2).text(":");
  writer.digits(at.second, 2).text(".").digits(at.millisecond, 3).text("Z");
  return writer.view();
}

std::string_view common_log_time(WallTime time, std::span<char> buffer) noexcept {
  const Parts at = split(time);
  Writer writer(buffer);
  writer.digits(at.day, 2).text("/").text(kMonths[at.month - 1]).text("/").digits(at.year, 4);
  writer.text(":").digits(at.hour, 2).text(":").digits(at.minute, 2).text(":");
  writer.digits(at.second, 2).text(" +0000");
  return writer.view();
}

}  // namespace berth::observe
