#include "bench/load/run.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bench/load/client.h"
#include "bench/load/figures.h"
#include "bench/load/reading.h"
#include "bench/load/schedule.h"
#include "bench/load/slow_uploads.h"

namespace berth::bench {
namespace {

using namespace std::chrono_literals;

// Nobody asks again at once after a 503 that says Retry-After.
constexpr auto kPause = 100ms;
// What the server frees or trims after a burst of connections is over by then.
constexpr auto kSettle = 1500ms;
// A run by number of requests ends by then, however slow the server is.
constexpr auto kLongestRun = 300s;
// What is unanswered so long after the last request of an open loop was due has failed.
constexpr auto kLongestWait = 30s;

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        measured_(learn_target(options.port, options.path, options.body_bytes, options.close)) {
    if (!options_.beside_path.empty()) {
      beside_ = std::make_unique<Group>(learn_target(options.port, options.beside_path, 0, false));
    }
  }

  std::string operator()() {
    open_idle();
    SlowUploads uploads(options_.port, options_.upload_path, options_.uploads);
    if (options_.rate > 0) {
      open_loop();
    } else if (options_.connections > 0) {
      open(measured_, options_.connections);
      if (beside_) open(*beside_, options_.beside_connections);
      loop(uploads);
    }
    return result(uploads);
  }

 private:
  // Each idle connection has been used once: what an unused one costs tells little.
  void open_idle() {
    idle_.once = true;
    for (const std::size_t step : options_.idle) {
      while (idle_.clients.size() < step) {
        idle_.clients.push_back(std::make_unique<Client>(idle_, epoll_.get()));
        if (!idle_.clients.back()->start(Clock::now())) {
          throw std::system_error(errno, std::generic_category(), "idle connection");
        }
        wait_for_answer();
      }
      std::this_thread::sleep_for(kSettle);
      private_bytes_.push_back(private_bytes_of(options_.processes));
    }
  }

  void wait_for_answer() {
    epoll_event event{};
    for (;;) {
      if (::epoll_wait(epoll_.get(), &event, 1, 10000) != 1) {
        throw std::runtime_error("an idle connection got no answer");
      }
      const Progress progress = static_cast<Client*>(event.data.ptr)->on_readable();
      if (progress == Progress::kPause) throw std::runtime_error("an idle connection was refused");
      if (progress == Progress::kAnswered) return;
    }
  }

  void open(Group& group, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      group.clients.push_back(std::make_unique<Client>(group, epoll_.get()));
      const Clock::time_point now = Clock::now();
      if (!group.clients.back()->start(now)) {
        paused_.emplace_back(now + kPause, group.clients.back().get());
      }
    }
  }

  void loop(SlowUploads& uploads) {
    std::array<epoll_event, 512> events;
    const bool by_number = options_.requests != 0;
    Clock::time_point begin = Clock::now() + (by_number ? 0ms : options_.warmup);
    const Clock::time_point end = by_number ? begin + kLongestRun : begin + options_.duration;
    bool measuring = false;
    for (Clock::time_point now = Clock::now(); now < end; now = Clock::now()) {
      if (!measuring && now >= begin) {
        measuring = true;
        measured_.reset();
        if (beside_) beside_->reset();
        before_ = read_now(options_.processes);
      }
      if (by_number && measured_.completed >= options_.requests) break;
      const int count =
          ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
      for (int i = 0; i < count; ++i) {
        auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (client->on_readable() == Progress::kPause) paused_.emplace_back(now + kPause, client);
      }
      while (!paused_.empty() && paused_.front().first <= now) {
        Client* client = paused_.front().second;
        paused_.pop_front();
        if (!client->start(now)) paused_.emplace_back(now + kPause, client);
      }
      uploads.advance(now);
    }
    after_ = read_now(options_.processes);
  }

  // Each request is sent when it is due, or as soon as a connection is free: the latency has the
  // wait in it. One that fails is not repeated.
  void open_loop() {
    measured_.once = true;
    for (std::size_t i = 0; i < options_.connections; ++i) {
      measured_.clients.push_back(std::make_unique<Client>(measured_, epoll_.get()));
      free_.push_back(measured_.clients.back().get());
    }
    before_ = read_now(options_.processes);
    Schedule schedule(Clock::now(), options_.rate, options_.requests);
    const Clock::time_point end = schedule.last() + kLongestWait;
    for (Clock::time_point now = Clock::now(); now < end; now = Clock::now()) {
      take_answers(now);
      while (!paused_.empty() && paused_.front().first <= now) {
        free_.push_back(paused_.front().second);
        paused_.pop_front();
      }
      while (schedule.is_due(now) && !free_.empty()) {
        Client* client = free_.back();
        free_.pop_back();
        if (!client->start(schedule.take())) paused_.emplace_back(now + kPause, client);
      }
      if (ended() >= options_.requests) break;
    }
    after_ = read_now(options_.processes);
    unanswered_ = options_.requests - std::min(options_.requests, ended());
  }

  void take_answers(Clock::time_point now) {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      auto* client = static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      const Progress progress = client->on_readable();
      if (progress == Progress::kAnswered) free_.push_back(client);
      if (progress != Progress::kPause) continue;
      // The server may also have closed a connection that waits for its next request.
      if (std::find(free_.begin(), free_.end(), client) != free_.end()) continue;
      paused_.emplace_back(now + kPause, client);
    }
  }

  [[nodiscard]] std::uint64_t ended() const noexcept {
    return measured_.completed + measured_.refused + measured_.errors;
  }

  static void write(std::ostream& out, const char* prefix, const Group& group) {
    out << '"' << prefix << "completed\":" << group.completed << ",\"" << prefix
        << "refused\":" << group.refused << ",\"" << prefix << "errors\":" << group.errors << ",\""
        << prefix << "p50_us\":" << microseconds(group.latencies.quantile(0.5)) << ",\"" << prefix
        << "p99_us\":" << microseconds(group.latencies.quantile(0.99)) << ',';
  }

  std::string result(const SlowUploads& uploads) const {
    std::ostringstream out;
    out << '{';
    write(out, "", measured_);
    if (beside_) write(out, "beside_", *beside_);
    out << "\"in_all\":" << measured_.in_all << ",\"uploads_cut\":" << uploads.cut()
        << ",\"idle_errors\":" << idle_.errors << ",\"unanswered\":" << unanswered_ << ','
        << window_json(before_, after_);
    out << ",\"private_bytes\":[";
    for (std::size_t i = 0; i < private_bytes_.size(); ++i) {
      out << (i == 0 ? "" : ",") << private_bytes_[i];
    }
    out << "]}";
    return out.str();
  }

  const Options& options_;
  base::Descriptor epoll_;
  Group measured_;
  std::unique_ptr<Group> beside_;
  Group idle_{measured_.target};
  std::vector<std::uint64_t> private_bytes_;
  std::deque<std::pair<Clock::time_point, Client*>> paused_;  // by time
  std::vector<Client*> free_;                                 // of an open loop
  std::uint64_t unanswered_ = 0;                              // likewise
  Reading before_;
  Reading after_;
};

}  // namespace

std::string run_load(const Options& options) {
  const auto run = std::make_unique<Run>(options);
  return (*run)();
}

}  // namespace berth::bench
