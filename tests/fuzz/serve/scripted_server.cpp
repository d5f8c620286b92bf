#include "fuzz/serve/scripted_server.h"

#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "fuzz/fuzz_check.h"

namespace berth::fuzz {

namespace {

constexpr std::chrono::seconds kSoon{60};

std::chrono::steady_clock::time_point soon() { return std::chrono::steady_clock::now() + kSoon; }

}  // namespace

class ScriptedServer::Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count) {}

  void count_down() {
    // Under the lock: whoever waits takes this away as soon as it is none.
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) none_.notify_one();
  }
  [[nodiscard]] bool wait() {
    std::unique_lock lock(mutex_);
    return none_.wait_until(lock, soon(), [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t left_;
};

ScriptedServer::ScriptedServer() {
  (void)base::system_clock();  // made first, it is there at the end of a server that is static
  observe::LogOptions log_options;
  log_options.level = observe::Level::kError;
  log_ = observe::Log::open(log_options, clock_).value();
  serve::Options options;
  options.head = {
      .max_head_bytes = kHeadBytes, .max_fields = kFields, .max_target_bytes = kTargetBytes};
  options.chunk_line_bytes = kChunkLine;
  service_ = std::make_unique<serve::Service>(options, root_, clock_, *log_, counters_);
  sched::PoolOptions pool;
  pool.loops = 1;
  pool.threads = pool.client_waits = 2 * kMost;  // those of the last ones may not have parked yet
  pool.make_scratch = [this] { return service_->make_scratch(); };
  pool.on_notice = [this](sched::Notice notice) { service_->on_notice(notice); };
  pool_ = std::make_unique<sched::Pool>(std::move(pool));
  loops_ = std::make_unique<sched::Loops>(*pool_, clock_);
  check(loops_->open().ok() && loops_->start().ok(), "a server starts");
  for (std::uint32_t i = 0; i < kMost; ++i) listeners_.push_back({"scripted", i});
}

ScriptedServer::~ScriptedServer() {
  loops_->drain(true);
  check(loops_->wait_drained(soon()), "every loop ends");
  check(pool_->stop(clock_, clock_.now() + kSoon), "every thread ends");
}

std::vector<Outcome> ScriptedServer::serve(std::span<const ClientScript> clients) {
  assert(clients.size() <= kMost);
  handler_.teach_that_blocks_does();
  const std::uint64_t closed = count(observe::Counter::kConnectionsClosed);
  std::vector<Outcome> outcomes(clients.size());
  Countdown countdown(clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    auto stream = std::make_unique<ScriptedStream>(clients[i], outcomes[i].transcript,
                                                   [&countdown] { countdown.count_down(); });
    loops_->at(0).post_new(std::make_unique<serve::H1Connection>(
        *service_, listeners_[i], std::move(stream), net::PeerAddress()));
  }
  check(countdown.wait(), "every connection is closed and freed");
  check(count(observe::Counter::kConnectionsClosed) - closed == clients.size(),
        "each is counted as closed");
  check(loops_->connections() == 0, "no loop has a connection left");
  check(service_->buffered() == 0, "no byte is kept for a connection that is gone");
  for (std::size_t i = 0; i < clients.size(); ++i) outcomes[i].served = handler_.take_served(i);
  return outcomes;
}

}  // namespace berth::fuzz
