// One plugin in several releases (BERTH_RELEASE is its number), to be deployed over each other: it
// says which one answers, counts what one instance has answered, waits, and takes connections over.
#include <berth/plugin.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

const std::string kRelease = "release " + std::to_string(BERTH_RELEASE);

// "release 1 of 3": the third answer of this instance.
class Which : public berth::Handler {
 public:
  explicit Which(const berth::Config& config) : word_(config.get<std::string>("word", "")) {
    if (word_ == "bad") config["word"].fail("refused on purpose");
  }
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.write(kRelease + " of " + std::to_string(++answered_) + word_);
  }

 private:
  std::string word_;
  std::atomic<int> answered_{0};
};

// Reads the body, so that a client can keep it waiting, then says which release it is.
class Body : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    (void)request.read_all(1000);
    response.write(kRelease);
  }
};

// Says so, then waits until nobody wants the answer any more.
class Wanted : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    berth::log(berth::Level::info, "waiting");
    while (!request.cancelled()) std::this_thread::sleep_for(1ms);
    berth::log(berth::Level::info, "not wanted any more");
    response.write(kRelease + " was cancelled");
  }
};

// A route of it is found to block.
class Sleeps : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    std::this_thread::sleep_for(3ms);
    response.write(kRelease);
  }
};

// Takes the connection over and answers each line with its release.
class Lines : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    berth::Connection connection = response.as<berth::Hijacker>()->hijack();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 10s);
    std::array<char, 100> buffer;
    while (connection.read(buffer, -1ms) > 0) connection.write(kRelease + "\n", 10s);
    connection.write("bye\n", 10s);
  }
};

// A thread that is still there when the plugin is stopped, until the file it looks for is gone.
class Lingers : public berth::Handler {
 public:
  explicit Lingers(const berth::Config& config) : file_(config.get<std::string>("file")) {}
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    std::thread([file = file_] {
      while (::access(file.c_str(), F_OK) == 0) std::this_thread::sleep_for(1ms);
    }).detach();
    response.write(kRelease);
  }

 private:
  std::string file_;
};

// `does_not_start` is the release that has not what it needs.
void started(const berth::Config& config, berth::Phase phase) {
  if (config.get<int>("does_not_start", 0) == BERTH_RELEASE) {
    config["does_not_start"].fail("no database");
  }
  berth::log(berth::Level::info, kRelease + " starts",
             {{"reload", phase == berth::Phase::reload ? "yes" : "no"}});
}

void stopped() { berth::log(berth::Level::info, kRelease + " stops"); }

}  // namespace

BERTH_PLUGIN(berth::handler<Which>("which"), berth::handler<Body>("body"),
             berth::handler<Wanted>("wanted"), berth::handler<Lines>("lines"),
             berth::handler<Sleeps>("sleeps"), berth::handler<Lingers>("lingers"),
             berth::on_start(started), berth::on_stop(stopped));
