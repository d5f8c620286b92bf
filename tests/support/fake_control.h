// A Control that does what a test says and remembers what it was asked. Every value of
// app/reload_report.h has something in it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/control.h"

namespace berth::test {

// A reload with everything in it that is not refused.
inline app::ReloadReport usual_report() {
  using app::PluginOutcome;
  using app::RouteChange;
  using namespace std::chrono_literals;
  return {
      .done = true,
      .dry_run = false,
      .refused = {},
      .generation = 7,
      .previous = 6,
      .origin = "reload",
      .plugins = {{.alias = "hello",
                   .file = "/usr/lib/berth/plugins/hello.so",
                   .outcome = PluginOutcome::kLoaded,
                   .version = "1.2.0",
                   .build_id = "3f2a91c0d4e5f60718293a4b5c6d7e8f90a1b2c3",
                   .previous_build_id = "9be01d77a1b2c3d4e5f60718293a4b5c6d7e8f90",
                   .reason = {},
                   .took = 21ms,
                   .unload_blockers = {"thread_local with a destructor"}},
                  {.alias = "echo",
                   .file = "/usr/lib/berth/plugins/echo.so",
                   .outcome = PluginOutcome::kKept,
                   .version = "1.0.0",
                   .build_id = "0011223344556677889900112233445566778899",
                   .previous_build_id = "0011223344556677889900112233445566778899",
                   .reason = {},
                   .took = {},
                   .unload_blockers = {}},
                  {.alias = "shop",
                   .file = "/srv/shop.so",
                   .outcome = PluginOutcome::kLastGood,
                   .version = "2.0.1",
                   .build_id = "aabbccdd00112233445566778899aabbccddeeff",
                   .previous_build_id = {},
                   .reason = "/srv/shop.so is truncated",
                   .took = 3ms,
                   .unload_blockers = {}}},
      .routes = {{RouteChange::Kind::kAdded, "GET /new", {}},
                 {RouteChange::Kind::kRemoved, "GET /old", {}},
                 {RouteChange::Kind::kChanged, "GET /x", {"config", "plugin"}}},
      .diagnostics = "berth.yaml:3:5: warning: the plugin \"idle\" is used by no route\n",
      .took = 38ms,
  };
}

inline app::ReloadReport refused_report() {
  using namespace std::chrono_literals;
  return {
      .done = false,
      .dry_run = false,
      .refused = "the plugin \"hello\" does not load",
      .generation = 6,
      .previous = 6,
      .origin = "reload",
      .plugins = {{.alias = "hello",
                   .file = "/srv/hello.so",
                   .outcome = app::PluginOutcome::kFailed,
                   .version = {},
                   .build_id = {},
                   .previous_build_id = "9be01d77a1b2c3d4e5f60718293a4b5c6d7e8f90",
                   .reason = "it is truncated",
                   .took = 1500us,
                   .unload_blockers = {}}},
      .routes = {},
      .diagnostics =
          "berth.yaml:7:18: error: /srv/hello.so is truncated\n"
          "    hello: { file: /srv/hello.so }\n"
          "                   ^\n"
          "help: copy it again\n",
      .took = 2ms,
  };
}

inline std::vector<app::GenerationInfo> usual_generations() {
  using app::GenerationInfo;
  using namespace std::chrono_literals;
  std::vector<GenerationInfo> generations(3);
  generations[0] = {.number = 7,
                    .state = GenerationInfo::State::kServing,
                    .origin = "reload",
                    .made_at = 1767323045,
                    .can_roll_back_to = false,
                    .plugins = usual_report().plugins,
                    .holds = {}};
  generations[1] = {
      .number = 6,
      .state = GenerationInfo::State::kDraining,
      .origin = "start",
      .made_at = 1767319445,
      .can_roll_back_to = true,
      .plugins = {},
      .holds = {
          {.kind = "request", .plugin = "hello", .what = "GET /x", .count = 2, .age = 12500ms},
          {.kind = "thread", .plugin = {}, .what = "pool-3", .count = 1, .age = std::nullopt}}};
  generations[2] = {.number = 3,
                    .state = GenerationInfo::State::kStored,
                    .origin = "rollback to 1",
                    .made_at = 1767232645,
                    .can_roll_back_to = true,
                    .plugins = {},
                    .holds = {}};
  return generations;
}

inline app::ServerStatus usual_status() {
  return {
      .version = "0.1.0",
      .pid = 4242,
      .supervisor = 4200,
      .standby = "ready",
      .configuration = "/etc/berth/berth.yaml",
      .started_at = 1767319445,
      .stopping = false,
      .last_good_because = {},
      .last_refused = "the plugin \"shop\" does not load",
      .generation = usual_generations()[0],
      .draining = {usual_generations()[1]},
      .routes = 12,
      .fallbacks = {{.route = "GET /cart", .handler = "hello.sorry"}},
      .listeners = {"public [::]:8080", "health 127.0.0.1:9000"},
      .pins = {{.alias = "echo", .build_id = "0011223344556677889900112233445566778899"}},
      .retired_images = 1,
      .reloads = 3,
      .reloads_refused = 1,
      .requests = 123456,
      .requests_failed = 5,
      .connections = 42,
      .stuck_calls = {{.plugin = "hello",
                       .route = "GET /x",
                       .request_id = "4bf92f35",
                       .thread = 4250,
                       .age = std::chrono::milliseconds(93'500)},
                      {.plugin = "",
                       .route = "",
                       .request_id = "",
                       .thread = 4251,
                       .age = std::chrono::seconds(61)},
                      {.plugin = "hello",
                       .route = "GET /x",
                       .request_id = "",
                       .thread = 4252,
                       .age = std::chrono::seconds(60)}},
  };
}

// Any thread. What it answers may be read by the test at any time, and is changed by set_...().
class FakeControl final : public app::Control {
 public:
  app::ReloadReport report = usual_report();
  app::ServerStatus now = usual_status();
  std::vector<app::GenerationInfo> kept = usual_generations();
  std::optional<base::Error> why_error;
  std::optional<base::Error> pin_error;

  void set_report(app::ReloadReport value) {
    const std::lock_guard lock(mutex_);
    report = std::move(value);
  }
  void set_why_error(base::Error value) {
    const std::lock_guard lock(mutex_);
    why_error = std::move(value);
  }
  void set_pin_error(base::Error value) {
    const std::lock_guard lock(mutex_);
    pin_error = std::move(value);
  }

  [[nodiscard]] app::ReloadReport reload(const app::ReloadRequest& request) override {
    return answer("reload", request);
  }
  [[nodiscard]] app::ReloadReport roll_back(std::optional<std::uint64_t> to,
                                            const app::ReloadRequest& request) override {
    return answer("rollback to " + (to ? std::to_string(*to) : std::string("the last")), request);
  }
  [[nodiscard]] app::ServerStatus status() override {
    note("status");
    return now;
  }
  [[nodiscard]] std::vector<app::GenerationInfo> generations() override { return kept; }
  [[nodiscard]] base::Result<std::vector<app::Hold>> why(std::uint64_t generation) override {
    note("why " + std::to_string(generation));
    const std::lock_guard lock(mutex_);
    if (why_error) return base::fail(*why_error);
    return kept[1].holds;
  }
  [[nodiscard]] base::Status<> pin(const std::string& alias) override {
    return pinned("pin", alias);
  }
  [[nodiscard]] base::Status<> unpin(const std::string& alias) override {
    return pinned("unpin", alias);
  }
  [[nodiscard]] base::Result<app::ReloadReport> release(
      const std::string& alias, const app::ReloadRequest& request) override {
    if (const auto status = pinned("release", alias); !status) return base::fail(status.error());
    return reload(request);
  }
  [[nodiscard]] base::Result<std::string> upgrade() override {
    if (const auto status = pinned("upgrade", "of the host"); !status) {
      return base::fail(status.error());
    }
    return std::string("host 4712 serves generation 8");
  }
  void stop(const std::string& asked_by) override {
    note("stop, " + asked_by);
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

  // Reloads wait from now on, until open().
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  // Until so many reloads have come in that wait.
  void wait_for_waiting(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, count] { return waiting_ >= count; });
  }
  void wait_for_stop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_; });
  }
  // What it was asked, in order; forgets it.
  [[nodiscard]] std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  void note(std::string text) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(std::move(text));
  }
  app::ReloadReport answer(const std::string& what, const app::ReloadRequest& request) {
    std::unique_lock lock(mutex_);
    asked_.push_back(what + (request.dry_run ? ", dry run, " : ", ") + request.asked_by);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !closed_; });
    --waiting_;
    app::ReloadReport result = report;
    result.dry_run = request.dry_run;
    return result;
  }
  base::Status<> pinned(const std::string& what, const std::string& alias) {
    note(what + " " + alias);
    const std::lock_guard lock(mutex_);
    if (pin_error) return base::fail(*pin_error);
    return base::done();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  std::size_t waiting_ = 0;
  bool closed_ = false;
  bool stopped_ = false;
};

}  // namespace berth::test
