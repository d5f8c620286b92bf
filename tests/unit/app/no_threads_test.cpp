// A system that has no thread to give: what starts one says so in words (faults.md 39).
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "app/reloader.h"
#include "app/succession.h"
#include "app/watcher.h"
#include "generations.h"
#include "support/no_threads.h"

namespace berth::app {
namespace {

using test::NoThreads;
using WithoutThreads = Generations;

TEST_F(WithoutThreads, AWatcherThatDoesNotStartIsAnError) {
  auto watcher = Watcher::open([] {}, *log_, clock_);
  ASSERT_TRUE(watcher.ok());
  {
    const NoThreads none;
    const auto status = (*watcher)->start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().text,
              "start the thread that watches: Resource temporarily unavailable");
  }
  (*watcher)->stop();
}

TEST_F(WithoutThreads, AReloaderThatDoesNotStartIsAnErrorAndItsPluginsCanBeStopped) {
  write("stop");
  remove("stop");
  auto generation = build(configuration(
      "{ stops_while: \"" + path("stop") + "\", stopping: \"" + path("stopping") + "\" }", kRoute));
  ASSERT_TRUE(generation->start(plugin::StartPhase::kFirst).ok());
  const auto server = server_of(*generation);
  const config::Environment environment;
  const SupervisorLink supervisor;
  Succession succession(supervisor);
  Reloader reloader(
      {.server = *server,
       .log = *log_,
       .clock = clock_,
       .context = *context_,
       .sink = *sink_,
       .environment = environment,
       .succession = succession,
       .request_stop = [](const std::string&) {}},
      {.generation = std::move(generation), .recording = {}, .last_good_because = {}, .left = {}});
  {
    const NoThreads none;
    const auto status = reloader.start();
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().text, "start the control thread: Resource temporarily unavailable");
  }
  // As run_host() goes on.
  reloader.begin_stop();
  EXPECT_TRUE(reloader.end(clock_.now()));
  EXPECT_TRUE(reloader.stop_plugins());
  EXPECT_TRUE(std::filesystem::exists(path("stopping")));
}

}  // namespace
}  // namespace berth::app
