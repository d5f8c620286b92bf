#include "plugin/plugin.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "config/node.h"
#include "fake_exchange.h"
#include "leaks_allowed.h"
#include "plugin/host_libraries.h"
#include "recording_sink.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

using config::Node;
using Lines = std::vector<std::string>;

Node::Place place(std::uint32_t line) {
  return {std::make_shared<const std::string>("berth.yaml"), line, 5};
}

// { key: value }, each on the given line.
Node map_of(std::string_view key, std::string_view value, std::uint32_t line) {
  std::vector<Node> keys, values;
  keys.push_back(Node::scalar(place(line), std::string(key), false));
  values.push_back(Node::scalar(place(line), std::string(value), false));
  return Node::map(place(line), std::move(keys), std::move(values));
}

class PluginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = PrivateFolder::create(scratch_.path("state"));
    ASSERT_TRUE(folder.ok()) << folder.error().text;
    folder_ = std::move(*folder);
    context_ = std::make_unique<LoadContext>(LoadContext{*folder_});
  }

  std::shared_ptr<Plugin> load(const std::string& name, Node config = {}) {
    PluginOptions options;
    options.alias = "alias";
    options.path = scratch_.deploy(name);
    options.config = std::move(config);
    options.position = {"berth.yaml", 3, 16};
    auto plugin = Plugin::load(std::move(options), *context_, sink_);
    EXPECT_TRUE(plugin.ok()) << plugin.error().front().what;
    return plugin.ok() ? std::move(*plugin) : nullptr;
  }

  static base::Result<std::shared_ptr<PluginHandler>, Findings> make(Plugin& plugin,
                                                                     std::string_view kind,
                                                                     const Node& config = {}) {
    return plugin.make({kind, "GET /a", config, {"berth.yaml", 20, 14}});
  }

  ScratchFolder scratch_;
  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<LoadContext> context_;
  RecordingSink sink_;
};

TEST_F(PluginTest, ServesARequestFromAPluginInPlainC) {
  const auto plugin = load("test_plain");
  const auto handler = make(*plugin, "request");
  ASSERT_TRUE(handler.ok());
  FakeExchange exchange;
  exchange.transport.body = "some body";
  EXPECT_EQ(exchange.run(**handler),
            "200\nContent-Type: text/plain\n\n"
            "method=POST\ntarget=/a%20b?q=1+2&empty&q=3\npath=/a b\nquery=q=1+2&empty&q=3\n"
            "protocol=HTTP/1.1\nscheme=http\nhost=example.org\nremote=192.0.2.1:5000\n"
            "local=192.0.2.2:80\nlistener=public\npattern=GET /a\nq=1 2\nname=J\xc3\xbcrgen\n"
            "accept=text/html\nbody=some body\n");
}

TEST_F(PluginTest, TheOrderOfALifeIsThatOfTheAbi) {
  auto plugin = load("test_plain");
  auto handler = make(*plugin, "result");
  ASSERT_TRUE(handler.ok());
  ASSERT_TRUE(plugin->self_test().ok());
  plugin->drain();
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  plugin->drain();
  plugin->drain();
  EXPECT_TRUE(FakeExchange().run(**handler).starts_with("200\n")) << "requests go on";
  EXPECT_TRUE(plugin->stop());
  EXPECT_TRUE(plugin->stop());
  plugin->drain();
  handler->reset();
  plugin.reset();
  EXPECT_EQ(sink_.take(),
            (Lines{"info alias [] make", "info alias [] self_test", "info alias [] start first",
                   "info alias [] drain", "info alias [] stop", "info alias [] destroy"}));
}

TEST_F(PluginTest, TheLastHandlerKeepsTheImage) {
  auto plugin = load("test_plain");
  const std::string path = plugin->image().path();
  auto handler = make(*plugin, "result");
  ASSERT_TRUE(handler.ok());
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  EXPECT_TRUE(plugin->stop());
  plugin.reset();
  EXPECT_TRUE(is_loaded(path));
  handler->reset();
  EXPECT_FALSE(is_loaded(path));
  EXPECT_EQ(sink_.take(), (Lines{"info alias [] make", "info alias [] start first",
                                 "info alias [] stop", "info alias [] destroy"}));
}

TEST_F(PluginTest, AHandlerIsSharedByKindPatternAndConfigurationWhereverThatStands) {
  const auto plugin = load("test_plain");
  const auto first = make(*plugin, "result", map_of("text", "a", 5));
  const auto moved = make(*plugin, "result", map_of("text", "a", 50));
  const auto other_config = make(*plugin, "result", map_of("text", "b", 5));
  const auto other_kind = make(*plugin, "loud", map_of("text", "a", 5));
  const Node config = map_of("text", "a", 5);
  const auto other_pattern = plugin->make({"result", "GET /b", config, {}});
  ASSERT_TRUE(first.ok() && moved.ok() && other_config.ok() && other_kind.ok() &&
              other_pattern.ok());
  EXPECT_EQ(*first, *moved);
  EXPECT_NE(*first, *other_config);
  EXPECT_NE(*first, *other_kind);
  EXPECT_NE(*first, *other_pattern);
}

TEST_F(PluginTest, AStartedPluginDestroysAHandlerThatNobodyUsesAnyMore) {
  const auto plugin = load("test_plain");
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  auto handler = make(*plugin, "result");
  ASSERT_TRUE(handler.ok());
  auto shared = make(*plugin, "result");
  ASSERT_TRUE(shared.ok());
  handler->reset();
  EXPECT_EQ(sink_.take(), (Lines{"info alias [] start first", "info alias [] make"}));
  shared->reset();
  EXPECT_EQ(sink_.take(), Lines{"info alias [] destroy"});
  ASSERT_TRUE(make(*plugin, "result").ok()) << "and makes it anew";
  EXPECT_TRUE(plugin->stop());
  EXPECT_EQ(sink_.take(),
            (Lines{"info alias [] make", "info alias [] destroy", "info alias [] stop"}));
}

TEST_F(PluginTest, LinesOfAHandlerNamePluginAndRoute) {
  const auto plugin = load("test_plain");
  const auto handler = make(*plugin, "loud");
  ASSERT_TRUE(handler.ok());
  sink_.take();
  FakeExchange().run(**handler);
  EXPECT_EQ(sink_.take(), (Lines{"warn alias [GET /a] loud first=1 second=2"}));
}

struct Refusal {
  const char* description;
  std::string_view kind;
  Node config;
  Lines findings;  // "POSITION: what | help"
};

std::string line_of(const config::Diagnostic& finding) {
  std::string line = finding.position.text() + ": " + finding.what;
  if (!finding.suggestion.empty()) line += " (did you mean " + finding.suggestion + "?)";
  if (!finding.help.empty()) line += " | " + finding.help;
  return line;
}

TEST_F(PluginTest, EachRefusalOfMakeHasItsPosition) {
  const auto plugin = load("test_plain");
  const Refusal table[] = {
      {"unknown kind",
       "request_",
       {},
       {"berth.yaml:20:14: plugin \"alias\" has no handler \"request_\" (did you mean "
        "alias.request?) | it has: alias.result, alias.request, alias.loud"}},
      {"no kind",
       "",
       {},
       {"berth.yaml:20:14: plugin \"alias\" has 3 kinds of handlers: say which one | it has: "
        "alias.result, alias.request, alias.loud"}},
      {"the plugin complains twice",
       "result",
       map_of("refuse", "1", 22),
       {"berth.yaml:22:5: this is refused", "berth.yaml:22:5: a key is missing"}},
      {"the plugin only logs",
       "result",
       map_of("log_and_fail", "1", 22),
       {"berth.yaml:20:14: plugin \"alias\" could not make handler \"result\": out of luck"}},
      {"the plugin lies",
       "result",
       map_of("no_table", "1", 22),
       {"berth.yaml:20:14: plugin \"alias\" could not make handler \"result\": make() succeeded "
        "without a complete handler"}},
  };
  for (const Refusal& row : table) {
    const auto handler = make(*plugin, row.kind, row.config);
    ASSERT_FALSE(handler.ok()) << row.description;
    Lines lines;
    for (const config::Diagnostic& finding : handler.error()) lines.push_back(line_of(finding));
    EXPECT_EQ(lines, row.findings) << row.description;
  }
}

TEST_F(PluginTest, TheOnlyKindNeedNotBeNamed) {
  const auto plugin = load("test_no_delete");
  const auto handler = make(*plugin, "");
  ASSERT_TRUE(handler.ok());
  EXPECT_EQ((*handler)->kind(), "only");
}

TEST_F(PluginTest, AFailedStartIsNotStopped) {
  const auto plugin = load("test_plain", map_of("start", "-6", 4));
  const auto status = plugin->start(StartPhase::kReload);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(line_of(status.error().front()), "berth.yaml:3:16: plugin \"alias\" could not start");
  plugin->stop();
  EXPECT_EQ(sink_.take(), (Lines{"info alias [] start again"}));
}

TEST_F(PluginTest, AFileThatIsNoPluginIsRefusedAtItsPosition) {
  PluginOptions options;
  options.alias = "alias";
  options.path = scratch_.path("absent.so");
  options.position = {"berth.yaml", 3, 16};
  const auto plugin = Plugin::load(options, *context_, sink_);
  ASSERT_FALSE(plugin.ok());
  EXPECT_EQ(line_of(plugin.error().front()), "berth.yaml:3:16: plugin \"alias\", " + options.path +
                                                 ": cannot open the file: No such file or "
                                                 "directory");
}

TEST_F(PluginTest, ExceptionsTheSdkContainsAreA500AndALine) {
  for (const char* name : {"test_throws", "test_static_runtime"}) {
    const auto plugin = [&] {
      const LeaksAllowed static_runtime;
      return load(name);
    }();
    const auto standard = make(*plugin, "standard");
    const auto number = make(*plugin, "number");
    ASSERT_TRUE(standard.ok() && number.ok());
    EXPECT_TRUE(FakeExchange().run(**standard).starts_with("500\n"));
    EXPECT_TRUE(FakeExchange().run(**number).starts_with("500\n"));
    const Lines lines = sink_.take();
    ASSERT_EQ(lines.size(), 4u) << name;
    EXPECT_EQ(lines[0], "error alias [GET /a] a standard exception");
    const auto constructor = make(*plugin, "constructor");
    ASSERT_FALSE(constructor.ok());
    EXPECT_EQ(line_of(constructor.error().front()), "berth.yaml:20:14: cannot be made");
  }
}

TEST_F(PluginTest, ExceptionsNobodyGuardsAgainstAreContainedToo) {
  auto plugin = load("test_unguarded");
  auto standard = make(*plugin, "serve");
  auto number = make(*plugin, "number");
  ASSERT_TRUE(standard.ok() && number.ok());
  EXPECT_TRUE(FakeExchange().run(**standard).starts_with("500\n"));
  EXPECT_TRUE(FakeExchange().run(**number).starts_with("500\n"));
  const auto made = make(*plugin, "make");
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(line_of(made.error().front()),
            "berth.yaml:20:14: plugin \"alias\" could not make handler \"make\": out of make");
  const auto middleware = plugin->make_middleware({"wrap", "GET /a", {}, {"berth.yaml", 21, 9}});
  ASSERT_FALSE(middleware.ok());
  EXPECT_EQ(line_of(middleware.error().front()),
            "berth.yaml:21:9: plugin \"alias\" could not make middleware \"wrap\": out of "
            "make_middleware");
  const auto started = plugin->start(StartPhase::kFirst);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(line_of(started.error().front()),
            "berth.yaml:3:16: plugin \"alias\" could not start: out of start");
  standard->reset();
  EXPECT_EQ(sink_.take(),
            (Lines{"error alias [GET /a] serve() threw an exception what=out of serve",
                   "error alias [GET /a] the handler failed result=BERTH_E_FAILED",
                   "error alias [GET /a] serve() threw an exception that is no std::exception",
                   "error alias [GET /a] the handler failed result=BERTH_E_FAILED",
                   "error alias [] destroy() threw an exception"}));
}

TEST_F(PluginTest, ADestructorThatAnotherThreadKeepsHoldsTheImageAndTheLogSaysSo) {
  auto plugin = load("test_thread_local");
  const std::string path = plugin->image().path();
  auto handler = make(*plugin, "");
  ASSERT_TRUE(handler.ok());
  std::promise<void> served, end;
  std::thread other([&] {
    FakeExchange().run(**handler);
    served.set_value();
    end.get_future().wait();
  });
  served.get_future().wait();
  handler->reset();
  plugin.reset();
  EXPECT_TRUE(is_loaded(path));
  const Lines lines = sink_.take();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("the plugin stays in memory until the host ends"), std::string::npos);
  EXPECT_NE(lines[0].find("1 thread_local destructors on 1 thread"), std::string::npos) << lines[0];
  end.set_value();
  other.join();
}

// What the handler says of the task of test_tasks: counted by the plugin, so that it tells of the
// image's own memory.
std::string told(PluginHandler& handler) {
  const std::string text = FakeExchange().run(handler);
  return text.substr(text.rfind('\n') + 1);
}

TEST_F(PluginTest, ItsTasksRunFromStartToStop) {
  const auto plugin = load("test_tasks");
  auto handler = make(*plugin, "told");
  ASSERT_TRUE(handler.ok());
  EXPECT_EQ(told(**handler), "0 running, 0 ended");
  ASSERT_TRUE(plugin->start(StartPhase::kReload).ok());
  while (told(**handler) != "1 running, 0 ended") std::this_thread::yield();
  ASSERT_EQ(plugin->tasks().running().size(), 2u);
  EXPECT_EQ(plugin->tasks().running()[0].name, "beat");
  EXPECT_EQ(plugin->tasks().running()[1].name, "timers");
  plugin->drain();
  EXPECT_EQ(told(**handler), "1 running, 0 ended");
  EXPECT_TRUE(plugin->stop());
  EXPECT_EQ(told(**handler), "0 running, 1 ended");
  EXPECT_TRUE(plugin->tasks().running().empty());
  EXPECT_EQ(sink_.take(), (Lines{"info alias [] started phase=1", "info alias [] drained",
                                 "info alias [] stopped ended=1"}));
}

TEST_F(PluginTest, ATaskOfAFailedStartEnds) {
  auto plugin = load("test_tasks", map_of("fails", "true", 4));
  const std::string path = plugin->image().path();
  EXPECT_FALSE(plugin->start(StartPhase::kFirst).ok());
  EXPECT_TRUE(plugin->tasks().running().empty());
  plugin.reset();
  EXPECT_FALSE(is_loaded(path));
}

TEST_F(PluginTest, ATaskThatDoesNotEndIsNamedAndKeepsStopFromBeingCalled) {
  auto plugin = load("test_tasks", map_of("stuck", "true", 4));
  const std::string path = plugin->image().path();
  auto handler = make(*plugin, "told");
  auto loosen = make(*plugin, "loosen");
  ASSERT_TRUE(handler.ok() && loosen.ok());
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  while (told(**handler) != "1 running, 0 ended") std::this_thread::yield();
  sink_.take();
  EXPECT_FALSE(plugin->stop(base::Duration::zero()));
  Lines lines = sink_.take();
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines.front(),
            "warn alias [] a background task was told to end, and still runs task=beat age_s=0");
  EXPECT_EQ(plugin->tasks().running().front().name, "beat");
  FakeExchange().run(**loosen);
  EXPECT_TRUE(plugin->stop());
  EXPECT_EQ(sink_.take(), Lines{"info alias [] stopped ended=1"});
  handler->reset();
  loosen->reset();
  plugin.reset();
  EXPECT_FALSE(is_loaded(path));
}

TEST_F(PluginTest, TwoImagesRunSideBySideAndTheOldOneStops) {
  auto old_one = load("test_tasks");
  auto new_one = load("test_tasks");
  auto old_handler = make(*old_one, "told");
  auto new_handler = make(*new_one, "told");
  ASSERT_TRUE(old_handler.ok() && new_handler.ok());
  ASSERT_TRUE(old_one->start(StartPhase::kFirst).ok());
  ASSERT_TRUE(new_one->start(StartPhase::kReload).ok());
  while (told(**old_handler) != "1 running, 0 ended") std::this_thread::yield();
  while (told(**new_handler) != "1 running, 0 ended") std::this_thread::yield();
  old_one->drain();
  EXPECT_TRUE(old_one->stop());
  EXPECT_EQ(told(**old_handler), "0 running, 1 ended");
  EXPECT_EQ(told(**new_handler), "1 running, 0 ended");
  const std::string path = old_one->image().path();
  old_handler->reset();
  old_one.reset();
  EXPECT_FALSE(is_loaded(path));
  EXPECT_EQ(told(**new_handler), "1 running, 0 ended");
  EXPECT_TRUE(new_one->stop());
}

TEST_F(PluginTest, ManyThreadsServeAndLetGoAtOnce) {
  auto plugin = load("test_plain");
  auto handler = make(*plugin, "request");
  ASSERT_TRUE(handler.ok());
  ASSERT_TRUE(plugin->start(StartPhase::kFirst).ok());
  const std::string path = plugin->image().path();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([held = *handler] {
      for (int k = 0; k < 50; ++k) {
        FakeExchange exchange;
        EXPECT_TRUE(exchange.run(*held).starts_with("200\n"));
      }
    });
  }
  handler->reset();
  plugin.reset();
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  EXPECT_FALSE(is_loaded(path));
}

}  // namespace
}  // namespace berth::plugin
