// With the kernel's inotify on folders of the test's own, and a clock that the test sets.
#include "app/file_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "support/temporary_folder.h"

namespace berth::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class Watch : public testing::Test {
 protected:
  Watch() {
    auto opened = FileWatch::open();
    EXPECT_TRUE(opened.ok());
    watch_ = std::move(*opened);
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void write(const std::string& name, const std::string& text = "x") const {
    std::ofstream(path(name)) << text;
  }
  // As a deployment should.
  void replace(const std::string& name) const {
    write(name + ".new");
    fs::rename(path(name + ".new"), path(name));
  }
  // Events are in the queue when the call that causes them returns: inotify(7).
  [[nodiscard]] bool has_news() const {
    pollfd waiting{watch_->descriptor(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
  }
  // Whether something has changed since this was asked last.
  bool changed() {
    now_ += 1h;
    if (watch_->due(now_)) ADD_FAILURE() << "told before it was quiet";
    if (!watch_->deadline()) return false;
    EXPECT_EQ(*watch_->deadline(), now_ + base::limits::kWatchQuiet);
    now_ = *watch_->deadline();
    const bool due = watch_->due(now_);
    EXPECT_FALSE(watch_->deadline().has_value());
    return due;
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<FileWatch> watch_;
  base::TimePoint now_{1h};
};

TEST_F(Watch, ARenameIntoPlaceAndTheEndOfWritingAreChanges) {
  write("a.yaml");
  ASSERT_TRUE(watch_->watch({{path("a.yaml")}, {}}).ok());
  EXPECT_FALSE(changed());
  replace("a.yaml");
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
  write("a.yaml");
  EXPECT_TRUE(changed());
  replace("a.yaml");  // the new file is watched as the old one was
  EXPECT_TRUE(changed());
}

TEST_F(Watch, AFileThatIsBeingWrittenIsNoChangeUntilItIsClosed_F51) {
  write("p.so");
  ASSERT_TRUE(watch_->watch({{path("p.so"), path("new.so")}, {}}).ok());
  for (const char* const name : {"p.so", "new.so"}) {
    std::ofstream file(path(name));  // truncates, as cp does
    for (int i = 0; i < 10; ++i) {
      file << std::string(10'000, 'x') << std::flush;
      EXPECT_FALSE(changed()) << name;
    }
    file.close();
    EXPECT_TRUE(changed()) << name;
  }
}

TEST_F(Watch, OtherNamesReadersAndRemovalsAreNone) {
  write("a.yaml");
  ASSERT_TRUE(watch_->watch({{path("a.yaml")}, {}}).ok());
  write("b.yaml");
  replace("a.yaml.swp");
  std::ifstream(path("a.yaml")).get();
  fs::permissions(path("a.yaml"), fs::perms::owner_read);
  fs::remove(path("a.yaml"));
  EXPECT_FALSE(changed());
}

TEST_F(Watch, ADeploymentOfManyFilesIsOneChange) {
  ASSERT_TRUE(watch_->watch({{path("a.yaml"), path("p.so"), path("q.so")}, {}}).ok());
  now_ += 1h;
  for (const char* const name : {"a.yaml", "p.so", "q.so"}) {
    replace(name);
    EXPECT_FALSE(watch_->due(now_));
    now_ += base::limits::kWatchQuiet - 1ns;
    EXPECT_FALSE(watch_->due(now_)) << "put off by each";
  }
  EXPECT_TRUE(watch_->due(now_ + 1ns));
  EXPECT_FALSE(watch_->due(now_ + 1h));
}

TEST_F(Watch, NothingIsTheCaseUntilSomethingHappens) {
  ASSERT_TRUE(watch_->watch({{path("a.yaml")}, {}}).ok());
  EXPECT_FALSE(has_news());
  replace("a.yaml");
  EXPECT_TRUE(has_news());
  EXPECT_TRUE(changed());
  EXPECT_FALSE(has_news());
}

TEST_F(Watch, AFolderMayBeMovedRemovedAndMadeAnew) {
  fs::create_directories(path("site/conf.d"));
  write("site/conf.d/a.yaml");
  ASSERT_TRUE(watch_->watch({{path("site/conf.d/a.yaml")}, {}}).ok());
  fs::rename(path("site"), path("old"));
  EXPECT_FALSE(changed()) << "gone is not new";
  replace("old/conf.d/a.yaml");
  EXPECT_FALSE(changed()) << "another path by now";
  fs::create_directories(path("site/conf.d"));
  write("site/conf.d/a.yaml");
  EXPECT_TRUE(changed());
  replace("site/conf.d/a.yaml");
  EXPECT_TRUE(changed());
  fs::remove_all(path("site"));
  (void)changed();
  fs::rename(path("old"), path("site"));
  EXPECT_TRUE(changed());
  replace("site/conf.d/a.yaml");
  EXPECT_TRUE(changed());
}

TEST_F(Watch, ALinkThatIsTurnedIsAChangeAndIsFollowed) {
  for (const char* const release : {"1", "2", "3"}) {
    fs::create_directories(path(release));
    write(std::string(release) + "/a.yaml");
  }
  fs::create_directory_symlink("1", path("current"));
  fs::create_symlink(path("current/a.yaml"), path("a.yaml"));
  ASSERT_TRUE(watch_->watch({{path("a.yaml")}, {}}).ok());
  replace("1/a.yaml");
  EXPECT_TRUE(changed());
  fs::create_directory_symlink("2", path("next"));
  fs::rename(path("next"), path("current"));
  EXPECT_TRUE(changed());
  replace("1/a.yaml");
  EXPECT_FALSE(changed());
  replace("2/a.yaml");
  EXPECT_TRUE(changed());
  fs::remove(path("current"));
  fs::create_directory_symlink("3", path("current"));
  EXPECT_TRUE(changed());
  fs::remove(path("a.yaml"));
  EXPECT_FALSE(changed());
  fs::create_symlink("3/a.yaml", path("a.yaml"));
  EXPECT_TRUE(changed());
  replace("3/a.yaml");
  EXPECT_TRUE(changed());
  fs::create_symlink("loop", path("loop"));
  EXPECT_TRUE(watch_->watch({{path("loop"), path("loop/a")}, {}}).ok());
}

TEST_F(Watch, ANewFileOfAPatternIsAChange) {
  fs::create_directories(path("conf.d/one"));
  ASSERT_TRUE(
      watch_->watch({{}, {{folder_.path(), "conf.d/*.yaml"}, {folder_.path(), "conf.d/*/x"}}})
          .ok());
  write("conf.d/a.yaml");
  EXPECT_TRUE(changed());
  write("conf.d/.a.yaml");
  write("conf.d/a.yml");
  EXPECT_FALSE(changed());
  write("conf.d/one/x");
  EXPECT_TRUE(changed());
  fs::create_directories(path("conf.d/two"));
  (void)changed();
  write("conf.d/two/x");
  EXPECT_TRUE(changed());
  ASSERT_TRUE(watch_->watch({{}, {{"ignored", folder_.path() + "/conf.d/*.yml"}}}).ok());
  write("conf.d/b.yml");
  EXPECT_TRUE(changed());
  write("conf.d/b.yaml");
  EXPECT_FALSE(changed());
}

TEST_F(Watch, OtherTargetsTakeThePlaceOfThoseBefore) {
  fs::create_directories(path("one"));
  fs::create_directories(path("two"));
  ASSERT_TRUE(watch_->watch({{path("one/a"), path("one/b")}, {}}).ok());
  replace("one/a");
  ASSERT_TRUE(watch_->watch({{path("one/b"), path("two/c")}, {}}).ok());
  replace("one/a");
  replace("one/b");
  EXPECT_TRUE(changed());
  replace("one/a");
  EXPECT_FALSE(changed());
  replace("two/c");
  EXPECT_TRUE(changed());
}

TEST_F(Watch, WhatWasNotTakenInWhenTheQueueOverflowsCountsAsAChange) {
  std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
  std::size_t most = 0;
  limit >> most;
  if (most == 0 || most > 100'000) GTEST_SKIP() << "the queue is too long: " << most;
  write("a.yaml");
  ASSERT_TRUE(watch_->watch({{path("a.yaml")}, {}}).ok());
  for (std::size_t i = 0; i <= most; ++i) {
    // Two names by turns: equal events behind each other are one.
    fs::rename(path(i % 2 == 0 ? "a.yaml" : "b"), path(i % 2 == 0 ? "b" : "a.yaml"));
  }
  EXPECT_TRUE(changed());
  write("a.yaml");
  EXPECT_TRUE(changed());
}

TEST_F(Watch, TargetsAreWhatAConfigurationWasReadFrom) {
  config::Recording recording;
  recording.files = {{"conf/berth.yaml", true, "", ""}, {"conf/d/a.yaml", true, "", ""}};
  recording.matches = {{"conf", "d/*.yaml", true, {"conf/d/a.yaml"}}};
  config::Configuration configuration;
  configuration.plugins.resize(1);
  configuration.plugins[0].file = "/srv/p.so";
  const auto targets = FileWatch::targets_of(recording, configuration);
  EXPECT_EQ(targets.files,
            (std::vector<std::string>{"conf/berth.yaml", "conf/d/a.yaml", "/srv/p.so"}));
  ASSERT_EQ(targets.patterns.size(), 1U);
  EXPECT_EQ(targets.patterns[0].folder, "conf");
  EXPECT_EQ(targets.patterns[0].pattern, "d/*.yaml");
}

}  // namespace
}  // namespace berth::app
