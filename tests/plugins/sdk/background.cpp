// A plugin for the tests of tasks and timers: what they do is in the log, and what its
// configuration says is what they do wrong.
#include <berth/plugin.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;

void say(std::string_view text) { berth::log(berth::Level::info, text); }

std::atomic<bool> stuck = false;
berth::Task worker;
std::optional<berth::Scoped<berth::Timer>> scoped;

class Asked : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string path(request.path());
    if (path == "/wake") worker.wake();
    if (path == "/end") worker.end();
    if (path == "/unscope") scoped.reset();
    if (path == "/loose") stuck = false;
    if (path == "/every/0") berth::every(0s, [] {});
    if (path == "/self") {
      auto timer = std::make_shared<berth::Timer>();
      *timer = berth::every(1s, [timer] {
        say("only once");
        timer->cancel();
        timer->cancel();
      });
    }
    if (path == "/connection") {
      auto connection = response.as<berth::Hijacker>()->hijack();
      connection.write(connection.draining() ? "drained" : "here", 1s);
      kept_ = std::make_unique<berth::Connection>(std::move(connection));
    }
    if (path == "/bye") {
      std::array<char, 8> buffer;
      while (kept_->read(buffer, -1ms) > 0) {
      }
      kept_->write(kept_->draining() ? " bye" : " end", 1s);
      kept_.reset();
    }
  }
  std::unique_ptr<berth::Connection> kept_;
};

// Works every minute, and at once where it is woken.
void work(berth::StopToken stop) {
  say("begun");
  while (!stop.wait_for(1min)) say("worked");
  while (stuck) std::this_thread::yield();
  say(stop.stop_requested() && stop.wait() ? "told to end" : "ended by itself");
}

void start(const berth::Config& config, berth::Phase phase) {
  const auto wrong = config.get<std::string>("wrong", "");
  stuck = wrong == "stuck";
  worker = berth::background("worker", work);
  scoped = berth::every(10s, [] { say("ten"); });
  berth::after(25s, [] { say("once"); });
  if (phase == berth::Phase::reload) say("again");
  if (wrong == "throw") berth::every(7s, [] { throw std::runtime_error("seven"); });
  if (wrong == "task throws") {
    berth::background("bad", [](berth::StopToken) { throw std::runtime_error("no more disk"); });
  }
  if (wrong == "start") throw std::runtime_error("port 1 is taken");
}

// Before on_start(), where nothing may run.
void self_test() {
  berth::background("early", [](berth::StopToken) {});
}

}  // namespace

BERTH_PLUGIN(berth::handler<Asked>("asked"), berth::on_start(start),
             berth::on_drain([] { say("drain"); }), berth::on_stop([] { say("stop"); }),
             berth::on_self_test(self_test));
