// Which images leave the process, and what is told of the others.
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "leaks_allowed.h"
#include "plugin/host_libraries.h"
#include "plugin/host_table.h"
#include "plugin/image.h"
#include "plugin/interposed.h"
#include "plugin/thread_exits.h"
#include "recording_sink.h"
#include "scratch_folder.h"
#include "support/sanitized.h"

namespace berth::plugin {
namespace {

// ThreadSanitizer takes atexit() over, for the whole process.
#ifdef __SANITIZE_THREAD__
constexpr bool kKeepsAtExit = true;
#else
constexpr bool kKeepsAtExit = false;
#endif

// Two descriptors: threads of the plugin read the one until this object closes the other; what
// destructors write is read back.
class Wire {
 public:
  Wire() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    theirs_ = base::Descriptor(ends[0]);
    ours_ = base::Descriptor(ends[1]);
  }
  [[nodiscard]] std::string number() const { return std::to_string(theirs_.get()); }
  void end() { (void)::shutdown(ours_.get(), SHUT_WR); }
  // What was written so far.
  [[nodiscard]] std::string take() const {
    std::array<char, 256> bytes{};
    const ssize_t count = ::recv(ours_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  base::Descriptor theirs_;
  base::Descriptor ours_;
};

class Unload : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = PrivateFolder::create(scratch_.path("state"));
    ASSERT_TRUE(folder.ok()) << folder.error().text;
    folder_ = std::move(*folder);
    context_ = std::make_unique<LoadContext>(LoadContext{*folder_});
  }

  std::unique_ptr<Image> load(const std::string& name) {
    std::string path = scratch_.path(name + ".so");
    if (!std::filesystem::exists(path)) path = scratch_.deploy(name);
    const auto file = read_plugin_file(path, process_policy(false));
    EXPECT_TRUE(file.ok());
    std::optional<LeaksAllowed> static_runtime;
    if (name.ends_with("static")) static_runtime.emplace();
    auto image = Image::load(*file, *context_);
    EXPECT_TRUE(image.ok()) << image.error().text;
    if (!image) return nullptr;
    host_.belong_to((*image)->use());
    return std::move(image).value();
  }
  // One handler of a kind, served once: its result.
  std::int32_t serve(const Image& image, std::string_view kind, const std::string& pattern) {
    const CallScope scope(image.use().site());
    berth_mount mount{};
    mount.size = sizeof mount;
    mount.kind = {kind.data(), kind.size()};
    mount.pattern = {pattern.data(), pattern.size()};
    const berth_handler* handler = nullptr;
    EXPECT_EQ(image.table().make(host_.get(), &mount, &handler), BERTH_OK);
    return handler->serve(handler->self, nullptr, nullptr);
  }
  static UnloadResult unload_at_last(Image& image) {
    for (;;) {
      UnloadResult result = image.unload();
      if (result.left) return result;
      std::this_thread::yield();
    }
  }

  RecordingSink sink_;
  HostTable host_{"alias", sink_};
  ScratchFolder scratch_;
  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<LoadContext> context_;
};

TEST_F(Unload, TheCallsOfPluginsComeToTheHost) { EXPECT_TRUE(calls_are_interposed()); }

TEST_F(Unload, WhatLeavesNothingBehindIsGone_F66) {
  for (const char* plugin : {"bad_leftovers", "bad_leftovers_static", "bad_regex"}) {
    for (const char* kind : {"nothing", "joined", "thread_local", "two", "regex", "at_exit"}) {
      if (kKeepsAtExit && std::string_view(kind) == "at_exit") continue;
      const Wire wire;
      auto image = load(plugin);
      ASSERT_NE(image, nullptr);
      const std::string path = image->path();
      EXPECT_EQ(serve(*image, kind, wire.number()), BERTH_OK);
      const UnloadResult result = image->unload();
      EXPECT_TRUE(result.left) << plugin << " " << kind << ": " << result.why();
      EXPECT_FALSE(is_loaded(path)) << plugin << " " << kind;
    }
  }
}

TEST_F(Unload, DestructorsRunTheLastOneFirstWithWhatTheyMake) {
  const Wire wire;
  auto image = load("bad_leftovers");
  serve(*image, "thread_local", wire.number());
  serve(*image, "two", wire.number());
  EXPECT_EQ(wire.take(), "");
  EXPECT_EQ(kept_exits(image->use()).destructors, 2u);
  EXPECT_EQ(kept_exits(image->use()).threads, 1u);
  run_thread_exits(image->use());
  EXPECT_EQ(wire.take(), "12x");
  EXPECT_EQ(kept_exits(image->use()).destructors, 0u);
  EXPECT_EQ(kept_exits(image->use()).threads, 0u);
}

TEST_F(Unload, AtExitFunctionsRunAsTheImageCloses) {
  if (kKeepsAtExit) GTEST_SKIP() << "ThreadSanitizer runs them when the process ends";
  const Wire wire;
  auto image = load("bad_leftovers");
  serve(*image, "at_exit", wire.number());
  EXPECT_TRUE(image->unload().left);
  EXPECT_EQ(wire.take(), "e");
}

TEST_F(Unload, AThreadThatLivesHoldsTheImageAndIsNamed_F66) {
  for (const char* kind : {"detached", "plain_thread", "grandchild"}) {
    for (const char* plugin : {"bad_leftovers", "bad_leftovers_static"}) {
      Wire wire;
      auto image = load(plugin);
      const std::string path = image->path();
      serve(*image, kind, wire.number());
      EXPECT_EQ(image->use().threads(), 1u) << kind;
      const UnloadResult held = image->unload();
      ASSERT_FALSE(held.left) << kind;
      ASSERT_EQ(held.holds.size(), 1u) << held.why();
      EXPECT_EQ(held.holds[0].kind, "thread");
      EXPECT_EQ(held.holds[0].count, 1u);
      EXPECT_TRUE(is_loaded(path));
      EXPECT_EQ(::access(path.c_str(), R_OK), 0) << "debuggers read it";
      wire.end();
      EXPECT_TRUE(unload_at_last(*image).left);
      EXPECT_FALSE(is_loaded(path));
      image.reset();
      EXPECT_NE(::access(path.c_str(), F_OK), 0);
    }
  }
}

TEST_F(Unload, ThreadsAreToldByTheirNames) {
  Wire wire;
  auto image = load("bad_leftovers");
  serve(*image, "detached", wire.number());
  serve(*image, "detached", wire.number());
  // The name is what the thread does first.
  while (image->use().thread_names() != std::vector<std::string>{"leftover", "leftover"}) {
    std::this_thread::yield();
  }
  EXPECT_EQ(image->unload().why(), "2 threads (leftover, leftover)");
  wire.end();
  unload_at_last(*image);
}

TEST_F(Unload, WhatAThreadOfTheHostKeepsHoldsItUntilThatIsVisited) {
  const Wire wire;
  auto image = load("bad_leftovers");
  std::promise<void> served, visit, visited, end;
  std::thread worker([&] {
    serve(*image, "thread_local", wire.number());
    visit_thread();  // the image is not leaving
    served.set_value();
    visit.get_future().wait();
    {
      const CallScope inside(image->use().site());
      visit_thread();  // not within a call
      run_thread_exits(image->use());
    }
    EXPECT_EQ(wire.take(), "");
    visit_thread();
    EXPECT_EQ(wire.take(), "x");
    visited.set_value();
    end.get_future().wait();
  });
  served.get_future().wait();
  EXPECT_EQ(image->unload().why(), "1 thread_local destructors on 1 thread");
  visit.set_value();
  visited.get_future().wait();
  EXPECT_TRUE(image->unload().left);
  end.set_value();
  worker.join();
}

TEST_F(Unload, AThreadThatEndsRunsWhatItKeeps) {
  const Wire wire;
  auto image = load("bad_leftovers");
  std::thread([&] { serve(*image, "thread_local", wire.number()); }).join();
  EXPECT_EQ(wire.take(), "x");
  EXPECT_TRUE(image->unload().left);
}

TEST_F(Unload, AHandlerOfASignalHoldsItUntilItIsTakenBack_F66) {
  const Wire wire;
  auto image = load("bad_leftovers");
  serve(*image, "signal", wire.number());
  EXPECT_EQ(image->unload().why(), "1 signal handler (SIGUSR2)");
  std::signal(SIGUSR2, SIG_DFL);
  EXPECT_TRUE(image->unload().left);
}

TEST_F(Unload, WhatWasOpenedAgainStaysAndSaysSo_F66) {
  const Wire wire;
  auto image = load("bad_leftovers");
  const std::string path = image->path();
  serve(*image, "reopened", wire.number());
  EXPECT_EQ(image->unload().why(), "something in the process has opened it, too (dlopen)");
  EXPECT_FALSE(image->unload().left);
  image.reset();
  EXPECT_TRUE(is_loaded(path));
  EXPECT_EQ(::access(path.c_str(), R_OK), 0);
}

TEST_F(Unload, AConstructorMayStartAThreadAndWaitForIt) {
  auto image = load("bad_load_start_thread");
  ASSERT_NE(image, nullptr);
  EXPECT_EQ(image->use().threads(), 0u);
  EXPECT_TRUE(unload_at_last(*image).left);
}

TEST_F(Unload, PluginsWithTheSameNamesAndLibrariesHaveTheirOwnStateAndLeave_F67) {
  auto one = load("bad_twin_one");
  auto two = load("bad_twin_two");
  EXPECT_EQ(serve(*one, "sum", ""), 5);
  EXPECT_EQ(serve(*two, "sum", ""), 10);
  EXPECT_EQ(serve(*one, "sum", ""), 5);
  const std::string path = one->path();
  EXPECT_TRUE(one->unload().left);
  EXPECT_FALSE(is_loaded(path));
  EXPECT_EQ(serve(*two, "sum", ""), 10);
  EXPECT_TRUE(two->unload().left);
}

std::size_t descriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

TEST_F(Unload, TwoHundredTimesLeaveNoMappingAndNoDescriptor_F66) {
  const Wire wire;
  const auto once = [&] {
    auto image = load("bad_regex");
    serve(*image, "regex", wire.number());
    EXPECT_TRUE(image->unload().left);
    EXPECT_EQ(wire.take(), "x");
  };
  once();
  const std::size_t before = descriptors();
  for (int i = 0; i < (test::kSanitized ? 20 : 200); ++i) once();
  EXPECT_EQ(descriptors(), before);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    EXPECT_EQ(line.find("bad_regex"), std::string::npos) << line;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()) ||
              std::distance(std::filesystem::directory_iterator(folder_->path()), {}) == 1);
}

}  // namespace
}  // namespace berth::plugin
