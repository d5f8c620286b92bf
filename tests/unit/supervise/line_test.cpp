#include "supervise/line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/descriptor.h"
#include "support/fake_clock.h"

namespace berth::supervise {
namespace {

using observe::Level;
using observe::LogFormat;

class LineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
  }
  std::string read() {
    std::array<char, 10000> bytes{};
    const ssize_t got = ::read(read_end_.get(), bytes.data(), bytes.size());
    return std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  base::Descriptor read_end_;
  base::Descriptor write_end_;
  test::FakeClock clock_;
};

TEST_F(LineTest, LooksAsTheHostsDo) {
  write_line(LogFormat::kText, Level::kError, "host 7 exited with code 3\n", clock_,
             write_end_.get());
  EXPECT_EQ(read(), "2026-01-02T03:04:05.000Z error host 7 exited with code 3\\x0A\n");
  write_line(LogFormat::kJson, Level::kWarn, "a \"b\"", clock_, write_end_.get());
  EXPECT_EQ(read(),
            "{\"time\":\"2026-01-02T03:04:05.000Z\",\"level\":\"warn\",\"message\":\"a "
            "\\\"b\\\"\"}\n");
}

TEST_F(LineTest, AReaderThatDoesNotReadKeepsNobody) {
  const std::string filling(4096, 'x');
  while (::write(write_end_.get(), filling.data(), filling.size()) > 0) {
  }
  write_line(LogFormat::kText, Level::kError, "lost", clock_, write_end_.get());
  for (std::string text = read(); !text.empty(); text = read()) {
    EXPECT_EQ(text.find("lost"), std::string::npos);
  }
}

}  // namespace
}  // namespace berth::supervise
