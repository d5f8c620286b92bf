#include "app/probe_starter.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "app/probe_task.h"
#include "base/clock.h"
#include "config/environment.h"

namespace berth::app {
namespace {

const ProbeTask kTask{.configuration = "/etc/berth/berth.yaml",
                      .alias = "shop",
                      .path = "./build/plugins/the shop's\n.so",
                      .cpu_seconds = 30};

TEST(ProbeTask, IsReadAsItWasTold) {
  const auto task = parse_probe_task(serialise(kTask));
  ASSERT_TRUE(task);
  EXPECT_EQ(task->configuration, kTask.configuration);
  EXPECT_EQ(task->alias, kTask.alias);
  EXPECT_EQ(task->path, kTask.path);
  EXPECT_EQ(task->cpu_seconds, 30U);
}

TEST(ProbeTask, IsNoneUnlessItIsWhole) {
  const std::string whole = serialise(kTask);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_probe_task(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_probe_task(whole + '\0'));
  EXPECT_FALSE(parse_probe_task(std::string("a\0b\0c\0x\0", 8)));
  EXPECT_FALSE(parse_probe_task(std::string("a\0b\0c\0\0", 7)));
}

// The program that is started is this one, whose main knows no probe: it runs the tests that its
// environment selects, none, and ends.
const config::Environment& ends_at_once() {
  static const config::Environment environment(
      config::Environment::Variables{{"GTEST_FILTER", "None.AtAll"}});
  return environment;
}

TEST(ProbeStarter, ThatDoesNotWaitSaysSo) {
  ProbeStarter starter(ends_at_once());
  ASSERT_TRUE(starter.prepare().ok());
  EXPECT_TRUE(starter.waits());
  const auto deadline = base::system_clock().now() + std::chrono::seconds(60);
  const auto ended = starter.probe(kTask, "recording", "image", deadline, {});
  ASSERT_FALSE(ended.ok());
  EXPECT_FALSE(ended.error().text.empty());
  EXPECT_FALSE(starter.waits());
}

TEST(ProbeStarter, EndsWithWhoHasIt) {
  {
    ProbeStarter starter(ends_at_once());
    ASSERT_TRUE(starter.prepare().ok());
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

}  // namespace
}  // namespace berth::app
