// What a plugin changes of the process and of its threads: what is put back, and what is told.
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/alternate_stack.h"
#include "fake_exchange.h"
#include "plugin/host_libraries.h"
#include "plugin/plugin.h"
#include "plugin/process_state.h"
#include "recording_sink.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

using Lines = std::vector<std::string>;

void handle(int) {}

bool is_blocked(int signal) {
  sigset_t mask;
  (void)::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

sighandler_t action_of(int signal) {
  struct sigaction action {};
  (void)::sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

// As the host has it: signals blocked, faults handled.
class Changes : public ::testing::Test {
 protected:
  void SetUp() override {
    sigset_t all;
    (void)::sigfillset(&all);
    (void)::pthread_sigmask(SIG_SETMASK, &all, &mask_);
    (void)::umask(0022);
    (void)::sigaction(SIGSEGV, nullptr, &segv_);
    (void)std::signal(SIGSEGV, handle);
    (void)std::signal(SIGCHLD, SIG_DFL);
    (void)::getrlimit(RLIMIT_CORE, &core_);
    const rlimit limit{0, core_.rlim_max};
    (void)::setrlimit(RLIMIT_CORE, &limit);
    (void)::setenv("BERTH_TEST_OLD", "was", 1);
    (void)::unsetenv("BERTH_TEST_NEW");
    auto folder = PrivateFolder::create(scratch_.path("state"));
    ASSERT_TRUE(folder.ok()) << folder.error().text;
    folder_ = std::move(*folder);
    context_ = std::make_unique<LoadContext>(LoadContext{*folder_});
  }
  void TearDown() override {
    (void)::sigaction(SIGSEGV, &segv_, nullptr);
    (void)::setrlimit(RLIMIT_CORE, &core_);
    (void)::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  std::shared_ptr<Plugin> load() {
    PluginOptions options;
    options.alias = "alias";
    options.path = scratch_.deploy("bad_changes");
    auto plugin = Plugin::load(std::move(options), *context_, sink_);
    EXPECT_TRUE(plugin.ok()) << plugin.error().front().what;
    return plugin.ok() ? std::move(*plugin) : nullptr;
  }

  ScratchFolder scratch_;
  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<LoadContext> context_;
  RecordingSink sink_;
  sigset_t mask_{};
  struct sigaction segv_ {};
  rlimit core_{};
};

TEST_F(Changes, OfALoadArePutBackAndTold_F63) {
  const auto plugin = load();
  EXPECT_EQ(sink_.take(),
            (Lines{"warn alias [] the plugin called fork(), where only exec or _exit may follow",
                   "warn alias [] the plugin changed what it shares with others while=it was "
                   "loaded put_back=the thread's floating-point mode; umask 0022 -> 0000"}));
  EXPECT_EQ(::umask(0022), 0022U);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST_F(Changes, OfAStartArePutBackWhereOthersRelyOnThem_F63) {
  const base::AlternateStack stack;
  stack_t before{};
  (void)::sigaltstack(nullptr, &before);
  const auto folder = std::filesystem::current_path();
  const auto plugin = load();
  (void)sink_.take();
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  EXPECT_EQ(sink_.take(),
            (Lines{"warn alias [] the plugin changed what it shares with others while=it started "
                   "put_back=the thread's signal mask; the thread's alternate signal stack; "
                   "working directory; standard input (closed); "
                   "C++ locale \"C\" -> \"*\"; "
                   "locale LC_NUMERIC \"C\" -> \"C.UTF-8\"; SIGSEGV: handled -> default; "
                   "SIGCHLD: default -> ignored "
                   "left=SIGUSR2: default -> handled; RLIMIT_CORE 0 -> 4711; "
                   "environment: +BERTH_TEST_NEW -BERTH_TEST_OLD"}));
  EXPECT_TRUE(is_blocked(SIGTERM));
  stack_t after{};
  (void)::sigaltstack(nullptr, &after);
  EXPECT_EQ(after.ss_sp, before.ss_sp);
  EXPECT_EQ(std::filesystem::current_path(), folder);
  EXPECT_GE(::fcntl(STDIN_FILENO, F_GETFD), 0);
  EXPECT_STREQ(std::setlocale(LC_NUMERIC, nullptr), "C");
  EXPECT_EQ(action_of(SIGSEGV), handle);
  EXPECT_EQ(action_of(SIGCHLD), SIG_DFL);
  EXPECT_STREQ(std::getenv("BERTH_TEST_NEW"), "secret") << "its libraries may read it";
  EXPECT_NE(action_of(SIGUSR2), SIG_DFL) << "a handler of its own";
  EXPECT_TRUE(plugin->stop());
  EXPECT_EQ(action_of(SIGUSR2), SIG_DFL);
}

TEST_F(Changes, OfARequestArePutBackForTheNextOneOnItsThread_F63) {
  const auto plugin = load();
  const auto handler = plugin->make({"changes", "POST /a", {}, {"berth.yaml", 20, 14}});
  ASSERT_TRUE(handler.ok());
  (void)sink_.take();
  for (int i = 0; i < 3; ++i) {
    FakeExchange exchange;
    EXPECT_TRUE(exchange.run(**handler).ends_with("blocked\n"));
    EXPECT_TRUE(is_blocked(SIGTERM));
  }
  const std::string line =
      "warn alias [POST /a] the plugin changed what it shares with others while=it "
      "served a request put_back=the thread's ";
  EXPECT_EQ(sink_.take(), (Lines{line + "signal mask"})) << "once, however many requests";
}

TEST_F(Changes, ThatARequestTakesBackItselfAreNotTold_F63) {
  const auto plugin = load();
  const auto handler = plugin->make({"changes", "GET /a", {}, {"berth.yaml", 20, 14}});
  ASSERT_TRUE(handler.ok());
  (void)sink_.take();
  FakeExchange exchange;
  exchange.head.method = "GET";
  exchange.begin();
  EXPECT_TRUE(exchange.run(**handler).ends_with("blocked\n"));
  EXPECT_TRUE(is_blocked(SIGTERM));
  EXPECT_EQ(sink_.take(), Lines());
}

TEST_F(Changes, WithoutAnyThereIsNothingToTell_F63) {
  const auto before = ProcessState::now();
  EXPECT_TRUE(before.compare_and_put_back().empty());
}

}  // namespace
}  // namespace berth::plugin
