// One plugin in two releases (BERTH_RELEASE is 1 or 2) that says in every answer which one it is,
// with what makes an image hard to unload: a thread, thread_local objects, unique symbols.
#include <berth/plugin.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "reload/checksum.h"

namespace {

using namespace std::chrono_literals;

const std::string kRelease = "release " + std::to_string(BERTH_RELEASE);

// A unique symbol, for its address has to be the same in every image.
template <class T>
struct Calls {
  static inline thread_local std::string last = "none so far, in words that need the heap";
};

class Which : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    Calls<Which>::last = "the one that has just been answered, and it needs the heap as well";
    response.write(kRelease + "\n");
  }
};

// What came of the body: "release 1: 10 bytes, checksum 123".
class Sum : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    std::array<char, 16384> buffer;
    berth::reload::Checksum sum;
    while (const std::size_t size = request.read(buffer)) sum.add({buffer.data(), size});
    response.write(kRelease + ": " + sum.text() + "\n");
  }
};

// Lines of its release, each flushed on its own, over some ten milliseconds.
class Stream : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    const auto flusher = response.as<berth::Flusher>();
    std::string line = kRelease + " ";
    line.resize(berth::reload::kStreamLineBytes - 1, '.');
    line += '\n';
    for (int i = 0; i < berth::reload::kStreamLines; ++i) {
      response.write(line);
      flusher->flush();
      std::this_thread::sleep_for(2ms);
    }
  }
};

// Takes the connection over and answers whatever comes with a line.
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

class Sleep : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    std::this_thread::sleep_for(3ms);
    response.write(kRelease + "\n");
  }
};

// Answers long after its deadline, whoever wants it.
class Late : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    std::this_thread::sleep_for(300ms);
    response.write(kRelease + "\n");
  }
};

// Until nobody wants the answer, or the drain of a replaced plugin is over.
class Held : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    while (!request.cancelled()) std::this_thread::sleep_for(1ms);
    response.write(kRelease + "\n");
  }
};

// A thread of the plugin's own, from its start to its stop.
class Background {
 public:
  Background() : thread_([this] { run(); }) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    wanted_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    Calls<Background>::last = "made by a thread of the plugin's own, which ends before it does";
    std::unique_lock lock(mutex_);
    wanted_.wait(lock, [this] { return ends_; });
  }

  std::mutex mutex_;
  std::condition_variable wanted_;
  bool ends_ = false;
  std::thread thread_;
};

std::unique_ptr<Background>& background() {
  static std::unique_ptr<Background> instance;
  return instance;
}

void started(const berth::Config&, berth::Phase) { background() = std::make_unique<Background>(); }

void stopped() { background().reset(); }

}  // namespace

BERTH_PLUGIN(berth::handler<Which>("which"), berth::handler<Sum>("sum"),
             berth::handler<Stream>("stream"), berth::handler<Lines>("lines"),
             berth::handler<Sleep>("sleep"), berth::handler<Late>("late"),
             berth::handler<Held>("held"), berth::on_start(started), berth::on_stop(stopped));
