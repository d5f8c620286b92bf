// Runs a plugin's handlers and middleware in a test, with no server, no socket and no .so; modelled
// on Go's httptest.ResponseRecorder. Needs no test framework. Not a router: path values are given.
//
//   berth::testing::Recorder recorder;               // the plugin compiled into this program
//   if (!recorder.mount("hello", map({{"greeting", "hi"}}))) ...
//   auto response = recorder.serve(RequestSpec("GET", "/hello/bob").path_value("name", "bob"));
//   // response.status == 200, response.body == "hi, bob\n", recorder.misuse().empty()
//
//   recorder.with("gate");                            // a middleware, around what stands behind it
//   recorder.behind([](berth::ResponseWriter& response, berth::Request&) { response.write("in\n");
//   });
#pragma once

#include <berth/abi.h>
#include <berth/entry.hpp>
#include <berth/testing/background.hpp>
#include <berth/testing/connection.hpp>
#include <berth/testing/exchange.hpp>
#include <berth/testing/fake_host.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/node.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The plugin under test; berth_add_plugin_test() links its sources.
extern "C" const berth_plugin* berth_plugin_v0(void);

namespace berth::testing {

// Keeps every rule of abi.h that a host keeps, and notes each breach in misuse(). One thread uses
// it; the handler may use others where the contract allows.
class Recorder {
 public:
  explicit Recorder(berth_entry_fn entry = &berth_plugin_v0) : plugin_(entry()) {
    if (plugin_ == nullptr || plugin_->abi_major != BERTH_ABI_MAJOR ||
        plugin_->abi_minor != BERTH_ABI_MINOR || plugin_->size < sizeof(berth_plugin)) {
      throw std::logic_error("the plugin was built with another SDK than this test");
    }
    plugin_config_.adopt(complaints_);
  }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  // In a host's order: stop, then destroy.
  ~Recorder() {
    stop();
    unmount();
    for (const berth_middleware* table : middleware_) table->destroy(table->self);
  }

  // The plugin's `config:`, before the first mount().
  Recorder& plugin_config(Node config) {
    plugin_config_ = std::move(config);
    plugin_config_.adopt(complaints_);
    return *this;
  }
  // Makes the handler of a route, in place of the one before. False: refused, see complaints().
  [[nodiscard]] bool mount(std::string_view kind, Node config = Node::map({}),
                           std::string pattern = "/") {
    unmount();
    complaints_.clear();
    config.adopt(complaints_);
    pattern_ = std::move(pattern);
    const berth_mount mount{sizeof(berth_mount), str(kind), str(pattern_),
                            FakeHost::handle(&plugin_config_), FakeHost::handle(&config)};
    const bool made = plugin_->make(&host_.table, &mount, &handler_) == BERTH_OK;
    if (made != (handler_ != nullptr)) misuse_.add("make() contradicts itself");
    if (!made) handler_ = nullptr;
    return handler_ != nullptr;
  }
  // Makes a use of a middleware around the handler, inside of those that were made before. False:
  // refused, see complaints().
  [[nodiscard]] bool with(std::string_view kind, Node config = Node::map({}),
                          std::string pattern = "/") {
    complaints_.clear();
    config.adopt(complaints_);
    pattern_ = std::move(pattern);
    const berth_mount mount{sizeof(berth_mount), str(kind), str(pattern_),
                            FakeHost::handle(&plugin_config_), FakeHost::handle(&config)};
    const berth_middleware* table = nullptr;
    const bool made = plugin_->make_middleware != nullptr &&
                      plugin_->make_middleware(&host_.table, &mount, &table) == BERTH_OK;
    if (made != (table != nullptr)) misuse_.add("make_middleware() contradicts itself");
    if (!made || table == nullptr) return false;
    middleware_.push_back(table);
    return true;
  }
  // What stands behind the middleware in place of a handler; without it and mount() an empty 200.
  using Behind = std::function<void(ResponseWriter&, Request&)>;
  Recorder& behind(Behind serve) {
    unmount();
    behind_ = std::move(serve);
    return *this;
  }
  // Runs the plugin's start() if it has one; tasks and timers run from then on. False: it failed,
  // see complaints() and log().
  [[nodiscard]] bool start(berth_phase phase = BERTH_START_FIRST) {
    host_.background.open();
    started_ = plugin_->start == nullptr ||
               plugin_->start(&host_.table, FakeHost::handle(&plugin_config_), phase) == BERTH_OK;
    if (!started_) host_.background.stop();
    return started_;
  }
  // Moves the time of tasks and timers, which stands still else. What becomes due runs at its time,
  // timers on this thread; then every task sleeps in wait() or wait_for(), or has ended. False: one
  // does neither, and was waited for in vain.
  bool advance(std::chrono::nanoseconds by) { return host_.background.advance(by); }
  // How long a task is waited for, in time that passes: 10 s.
  Recorder& patience(std::chrono::nanoseconds patience) {
    host_.background.patience(patience);
    return *this;
  }
  // The names of the tasks that have not ended, in the order they were run.
  [[nodiscard]] std::vector<std::string> tasks() const { return host_.background.tasks(); }
  // Says that the plugin will be replaced: hijacked connections are told, then on_drain() runs.
  // Requests may go on.
  void drain() {
    for (const auto& exchange : exchanges_) {
      if (exchange->response.connection != nullptr) exchange->response.connection->drain();
    }
    if (started_ && !drained_ && plugin_->drain != nullptr) plugin_->drain();
    drained_ = started_;
  }
  // Ends tasks and timers, then runs stop(). A task that does not end is a misuse, and the plugin
  // is not stopped.
  void stop() {
    if (!started_ || !host_.background.stop()) return;
    started_ = drained_ = false;
    if (plugin_->stop != nullptr) plugin_->stop();
  }
  [[nodiscard]] bool self_test() {
    return plugin_->self_test == nullptr || plugin_->self_test(&host_.table) == BERTH_OK;
  }

  // One request. REQUIRES: mount() or with() returned true. Views the handler kept stay readable
  // until the Recorder ends, and using them is noted.
  RecordedResponse serve(RequestSpec request) {
    if (handler_ == nullptr && middleware_.empty()) {
      throw std::logic_error("serve() without a mounted handler or middleware");
    }
    exchanges_.push_back(std::make_unique<Exchange>(std::move(request), pattern_, misuse_));
    Exchange* exchange = exchanges_.back().get();
    berth_request* const head = FakeHost::handle(exchange);
    berth_response* const answer = FakeHost::response_handle(exchange);
    exchange->set_chain(middleware_.size(), [this, head, answer](std::size_t step) {
      if (step < middleware_.size()) {
        return middleware_[step]->serve(middleware_[step]->self, head, answer);
      }
      if (handler_ != nullptr) return handler_->serve(handler_->self, head, answer);
      return run_behind(head, answer);
    });
    return exchange->end(exchange->enter());
  }

  // What the plugin said about the configuration in the last mount() or start().
  [[nodiscard]] const std::vector<Complaint>& complaints() const noexcept { return complaints_; }
  // Breaches of the contract so far, a sentence each. A right plugin has none. A hijacked
  // connection that is open is one of them: ask once it should be closed.
  [[nodiscard]] std::vector<std::string> misuse() const {
    std::vector<std::string> all = misuse_.all();
    for (const auto& exchange : exchanges_) {
      if (exchange->holds_connection()) all.emplace_back("a hijacked connection is not closed");
    }
    return all;
  }
  // Every line logged so far.
  [[nodiscard]] std::vector<LogLine> log() const { return host_.lines(); }
  // The kinds the plugin has, in its order.
  [[nodiscard]] std::vector<std::string> kinds() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; const berth_kind* kind = plugin_->kind(i); ++i) {
      names.emplace_back(kind->name);
    }
    return names;
  }
  [[nodiscard]] const berth_plugin& plugin() const noexcept { return *plugin_; }

 private:
  std::int32_t run_behind(berth_request* head, berth_response* answer) {
    if (!behind_) return BERTH_OK;
    detail::attach(&host_.table);  // a plugin in C has not done so
    return detail::guard([&] {
      ResponseWriter writer(answer);
      Request reader(head);
      behind_(writer, reader);
    });
  }
  static berth_str str(std::string_view text) { return {text.data(), text.size()}; }
  void unmount() noexcept {
    if (handler_ != nullptr) handler_->destroy(handler_->self);
    handler_ = nullptr;
  }

  const berth_plugin* plugin_;
  MisuseList misuse_;
  FakeHost host_{misuse_};
  std::vector<Complaint> complaints_;
  Node plugin_config_ = Node::map({});
  std::string pattern_;
  const berth_handler* handler_ = nullptr;
  std::vector<const berth_middleware*> middleware_;  // outermost first
  Behind behind_;
  bool started_ = false;
  bool drained_ = false;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace berth::testing
