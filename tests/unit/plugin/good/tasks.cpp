// Works in the background from its start to its stop. `stuck`: its task ends only once "loosen" was
// asked; `fails`: so does its start.
#include <berth/plugin.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

std::atomic<int> running = 0;
std::atomic<int> ended = 0;
std::atomic<bool> stuck = false;

class Told : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.write(std::to_string(running) + " running, " + std::to_string(ended) + " ended");
  }
};

class Loosen : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {
    stuck = false;
    stuck.notify_all();
  }
};

void beat(berth::StopToken stop) {
  ++running;
  while (!stop.wait_for(1h)) {
  }
  stuck.wait(true);
  --running;
  ++ended;
}

void start(const berth::Config& config, berth::Phase phase) {
  stuck = config.get<bool>("stuck", false);
  berth::background("beat", beat);
  berth::every(1h, [] {});
  if (config.get<bool>("fails", false)) throw std::runtime_error("port 1 is taken");
  berth::log(berth::Level::info, "started", {{"phase", static_cast<int>(phase)}});
}

}  // namespace

BERTH_PLUGIN(berth::handler<Told>("told"), berth::handler<Loosen>("loosen"), berth::on_start(start),
             berth::on_drain([] { berth::log(berth::Level::info, "drained"); }), berth::on_stop([] {
               berth::log(berth::Level::info, "stopped", {{"ended", ended.load()}});
             }));
