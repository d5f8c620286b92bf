// Files, FIFOs and a clock for the tests of observe/: each test writes into a folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/clock.h"

namespace berth::observe::testing {

// Generous: only a broken test waits that long.
inline constexpr std::chrono::seconds kPlenty{20};

// Stands still until it is moved. Any thread.
class FakeClock final : public base::Clock {
 public:
  [[nodiscard]] base::TimePoint now() const noexcept override {
    return base::TimePoint(base::Duration(since_start_.load()));
  }
  [[nodiscard]] std::chrono::sys_time<std::chrono::microseconds> wall() const noexcept override {
    return std::chrono::sys_days{std::chrono::year{2026} / 1 / 2} + std::chrono::hours(3);
  }
  void advance(base::Duration by) noexcept { since_start_.fetch_add(by.count()); }

 private:
  std::atomic<base::Duration::rep> since_start_{0};
};

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "berth-log-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  static std::string content(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path folder_;
  FakeClock clock_;
};

}  // namespace berth::observe::testing
