#include "observe/timestamp.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace berth::observe {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

TEST(Timestamp, IsUtcWithMillisecondsRoundedDown) {
  struct Row {
    WallTime time;
    std::string_view rfc3339;
    std::string_view common;
  };
  const WallTime second_of_january = sys_days{2026y / 1 / 2};
  const std::array rows{
      Row{second_of_january + 3h + 4min + 5s + 678999us, "2026-01-02T03:04:05.678Z",
          "02/Jan/2026:03:04:05 +0000"},
      Row{WallTime{}, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"},
      Row{WallTime{-1us}, "1969-12-31T23:59:59.999Z", "31/Dec/1969:23:59:59 +0000"},
      Row{sys_days{2028y / 2 / 29} + 24h - 1us, "2028-02-29T23:59:59.999Z",
          "29/Feb/2028:23:59:59 +0000"},
      Row{sys_days{10000y / 1 / 1}, "0000-01-01T00:00:00.000Z", "01/Jan/0000:00:00:00 +0000"},
  };
  for (const Row& row : rows) {
    std::array<char, kMaxTimestamp> buffer{};
    EXPECT_EQ(rfc3339(row.time, buffer), row.rfc3339);
    EXPECT_EQ(common_log_time(row.time, buffer), row.common);
  }
}

}  // namespace
}  // namespace berth::observe
