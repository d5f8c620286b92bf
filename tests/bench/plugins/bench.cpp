// Handlers that are nothing but their cost: `big` answers 1 MiB, `page` 64 KiB, `sleep` blocks,
// `rare` blocks once in a hundred calls, `burn` computes, `sink` reads a body of any length.
#include <berth/plugin.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <thread>

namespace {

constexpr const char* kText = "hello, world\n";

// `microseconds` of the route's config: durations of the configuration end at 1 ms.
std::chrono::microseconds microseconds_of(const berth::Config& config) {
  config.allow_only({"microseconds"});
  return std::chrono::microseconds(config.get<std::int64_t>("microseconds"));
}

void answer(berth::ResponseWriter& response) {
  response.set_header("Content-Type", "text/plain");
  response.write(kText);
}

class Text : public berth::Handler {
 public:
  explicit Text(std::size_t size) : body_(size, 'b') {}

  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.set_header("Content-Type", "text/plain");
    response.set_header("Content-Length", std::to_string(body_.size()));
    response.write(body_);
  }

 private:
  const std::string body_;
};

class Big : public Text {
 public:
  Big() : Text(1U << 20U) {}
};

class Page : public Text {
 public:
  Page() : Text(64U << 10U) {}
};

class Sleep : public berth::Handler {
 public:
  explicit Sleep(const berth::Config& config) : time_(microseconds_of(config)) {}

  void serve(berth::ResponseWriter& response, berth::Request&) override {
    std::this_thread::sleep_for(time_);
    answer(response);
  }

 private:
  const std::chrono::microseconds time_;
};

class Rare : public berth::Handler {
 public:
  explicit Rare(const berth::Config& config) : time_(microseconds_of(config)) {}

  void serve(berth::ResponseWriter& response, berth::Request&) override {
    if (calls_.fetch_add(1, std::memory_order_relaxed) % 100 == 99) {
      std::this_thread::sleep_for(time_);
    }
    answer(response);
  }

 private:
  const std::chrono::microseconds time_;
  std::atomic<std::uint32_t> calls_{0};
};

// CPU time and not wall time: what is taken away from the thread is not burnt.
class Burn : public berth::Handler {
 public:
  explicit Burn(const berth::Config& config) : time_(microseconds_of(config)) {}

  void serve(berth::ResponseWriter& response, berth::Request&) override {
    const std::chrono::nanoseconds end = used() + time_;
    while (used() < end) {
    }
    answer(response);
  }

 private:
  static std::chrono::nanoseconds used() {
    std::timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  const std::chrono::microseconds time_;
};

class Sink : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    std::array<char, 16384> buffer;
    while (request.read(buffer) != 0) {
    }
    answer(response);
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Big>("big"), berth::handler<Page>("page"),
             berth::handler<Sleep>("sleep"), berth::handler<Rare>("rare"),
             berth::handler<Burn>("burn"), berth::handler<Sink>("sink"));
