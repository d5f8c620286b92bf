// Ends when a test says so. `stays_while`: a file; its task ends once that is gone, whatever it is
// told. `stops_while`: its on_stop returns once that is gone, and makes the file `stopping` first.
#include <berth/plugin.hpp>

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

std::string stays_while;
std::string stops_while;
std::string stopping;

class Here : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override { response.write("here"); }
};

class There : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override { response.write("there"); }
};

void wait_while(const std::string& file) {
  while (::access(file.c_str(), F_OK) == 0) std::this_thread::sleep_for(1ms);
}

void stay(berth::StopToken) { wait_while(stays_while); }

void started(const berth::Config& config, berth::Phase) {
  stays_while = config.get<std::string>("stays_while", "");
  stops_while = config.get<std::string>("stops_while", "");
  stopping = config.get<std::string>("stopping", "");
  if (!stays_while.empty()) berth::background("stay", stay);
}

void stopped() {
  if (stops_while.empty()) return;
  std::ofstream(stopping) << "now";
  wait_while(stops_while);
}

}  // namespace

BERTH_PLUGIN(berth::handler<Here>("here"), berth::handler<There>("there"), berth::on_start(started),
             berth::on_stop(stopped));
