#include "supervise/oom_kills.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"

namespace berth::supervise {
namespace {

class OomKillsTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = folder_.path() + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  [[nodiscard]] std::optional<std::uint64_t> kills() const {
    return oom_kills(folder_.path() + "/proc", folder_.path() + "/cgroup");
  }
  test::TemporaryFolder folder_;
};

TEST_F(OomKillsTest, TheOwnGroupComesBeforeTheWholeSystem) {
  EXPECT_EQ(kills(), std::nullopt);
  write("proc/vmstat", "nr_free_pages 1234\noom_kill 7\nthp_split 0\n");
  EXPECT_EQ(kills(), 7U);
  write("proc/self/cgroup", "1:name=systemd:/x\n0::/system.slice/berth.service\n");
  EXPECT_EQ(kills(), 7U) << "the root group has no file";
  write("cgroup/system.slice/berth.service/memory.events", "low 0\noom 3\noom_kill 2\n");
  EXPECT_EQ(kills(), 2U);
}

TEST_F(OomKillsTest, WhatCannotBeReadIsNoCount) {
  write("proc/vmstat", "oom_kill many\n");
  EXPECT_EQ(kills(), std::nullopt);
  write("proc/vmstat", "oom_killer 3\n");
  EXPECT_EQ(kills(), std::nullopt);
}

}  // namespace
}  // namespace berth::supervise
