#include "reload/load/run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/reading.h"
#include "reload/load/crowd.h"
#include "reload/load/quiet_slices.h"
#include "reload/load/talker.h"

namespace berth::reload {
namespace {

using namespace std::chrono_literals;

// Until routes are learned and the pool has its threads.
constexpr auto kWarmUp = 500ms;
// What is unanswered so long after the end has failed.
constexpr auto kLongestWait = 40s;
constexpr std::size_t kTalkers = 8;
// Until the load is what it is to be: what a request costs depends on how many there are.
constexpr int kTrials = 3;

// Without what would end a text of JSON.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) result += c >= ' ' && c <= '~' && c != '"' && c != '\\' ? c : '?';
  return result + '"';
}

double microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

class Run {
 public:
  explicit Run(const Options& options)
      : options_(options),
        around_(options.port, options.spin),
        kinds_(usual_kinds(options.keep_alive)),
        reloads_(options.deploying, around_),
        quiet_(options.deploying.pace) {
    if (options.further) std::ranges::move(further_kinds(), std::back_inserter(kinds_));
    hijacked_.name = "hijacked";
    hijacked_.clients = kTalkers;
    hijacked_.pieces = {"GET /lines HTTP/1.1\r\nHost: localhost\r\n\r\n"};
    for (Kind& kind : kinds_) crowds_.push_back(std::make_unique<Crowd>(kind, around_));
    for (std::size_t i = 0; i < kTalkers; ++i) {
      talkers_.push_back(std::make_unique<Talker>(hijacked_, around_));
    }
    crowds_.front()->on_answered([this](std::uint64_t since, int release, Clock::time_point now) {
      reloads_.saw(since, release, now);
    });
  }

  void operator()() {
    for (std::size_t i = 1; i < kinds_.size(); ++i) crowds_[i]->start(kinds_[i].rate);
    for (const auto& talker : talkers_) talker->start();
    std::uint64_t rate = options_.rate;
    if (rate == 0) rate = shared_rate(peak());
    crowds_.front()->start(std::max<std::uint64_t>(rate, 1));
    go_on_for(kWarmUp);
    if (options_.alone > 0ms) {
      begin();
      go_on_for(options_.alone);
      tell("alone", rate);
    }
    begin();
    reloads_.start(options_.reloads);
    go_on_until([this] { return reloads_.done(); });
    window_end_ = bench::read_now(options_.processes);
    end();
    tell("reloads", rate);
  }

 private:
  // Of the plain requests, beside the other kinds.
  std::uint64_t peak() {
    crowds_.front()->start(0);
    go_on_for(kWarmUp);
    begin();
    go_on_for(options_.peak);
    const std::uint64_t completed = kinds_.front().completed;
    tell("peak", 0);
    return completed * 1000 / static_cast<std::uint64_t>(options_.peak.count());
  }

  // The one in an open loop at which the server is that share of its core's time at work. That is
  // less than the share of the closed loop's peak, where requests come in heaps and cost less each.
  std::uint64_t shared_rate(std::uint64_t peak) {
    const double share = static_cast<double>(options_.share_percent) / 100;
    double rate = static_cast<double>(peak) * share;
    for (int trial = 0; trial < kTrials; ++trial) {
      const auto asked = std::max<std::uint64_t>(static_cast<std::uint64_t>(rate), 1);
      crowds_.front()->start(asked);
      go_on_for(kWarmUp);
      begin();
      go_on_for(options_.peak);
      tell("trial", asked);
      const std::chrono::duration<double> time = window_end_.time - before_.time;
      const std::chrono::duration<double> used = window_end_.server.total - before_.server.total;
      if (used.count() > 0) rate = static_cast<double>(asked) * share * time.count() / used.count();
    }
    return static_cast<std::uint64_t>(rate);
  }

  void turn() {
    around_.turn();
    const Clock::time_point now = Clock::now();
    for (const auto& crowd : crowds_) crowd->advance(now);
    if (!around_.ending && quiet_.is_over(now))
      quiet_.cut(kinds_.front().latencies, bench::core_times(), now);
  }
  void go_on_until(const std::function<bool()>& done) {
    while (!done()) turn();
  }
  void go_on_for(Clock::duration time) {
    const Clock::time_point end = Clock::now() + time;
    while (Clock::now() < end) turn();
    window_end_ = bench::read_now(options_.processes);
  }

  void begin() {
    for (Kind& kind : kinds_) kind.reset();
    hijacked_.reset();
    quiet_.begin(kinds_.front().latencies, bench::core_times(), Clock::now());
    before_ = bench::read_now(options_.processes);
  }

  // What is under way ends as it would; nothing is begun.
  void end() {
    around_.ending = true;
    for (const auto& crowd : crowds_) crowd->give_up();
    for (const auto& talker : talkers_) talker->hang_up();
    const Clock::time_point latest = Clock::now() + kLongestWait;
    go_on_until([&] { return around_.under_way == 0 || Clock::now() > latest; });
    for (const auto& crowd : crowds_) crowd->expire();
    for (const auto& talker : talkers_) talker->expire();
  }

  static std::string json(const Kind& kind) {
    std::ostringstream out;
    out << "{\"name\":" << quoted(kind.name) << ",\"clients\":" << kind.clients
        << ",\"completed\":" << kind.completed << ",\"failed\":" << kind.failed
        << ",\"p50_us\":" << microseconds(kind.latencies.quantile(0.5))
        << ",\"p99_us\":" << microseconds(kind.latencies.quantile(0.99)) << ",\"failures\":[";
    for (std::size_t i = 0; i < kind.failures.size(); ++i) {
      out << (i == 0 ? "" : ",") << quoted(kind.failures[i]);
    }
    out << "]}";
    return out.str();
  }

  void tell(std::string_view phase, std::uint64_t rate) const {
    std::ostringstream out;
    out << "{\"phase\":" << quoted(phase) << ",\"rate\":" << rate
        << ",\"reloads_failed\":" << reloads_.failed() << ",\"slices\":" << quiet_.slices()
        << ",\"quiet_slices\":" << quiet_.counted()
        << ",\"quiet_p99_us\":" << microseconds(quiet_.latencies().quantile(0.99))
        << ",\"kinds\":[";
    for (const Kind& kind : kinds_) out << json(kind) << ',';
    out << json(hijacked_) << "]," << bench::window_json(before_, window_end_) << '}';
    std::puts(out.str().c_str());
    std::fflush(stdout);
  }

  const Options& options_;
  Around around_;
  std::vector<Kind> kinds_;  // keep-alive is the first
  Kind hijacked_;
  std::vector<std::unique_ptr<Crowd>> crowds_;  // one for each of kinds_
  std::vector<std::unique_ptr<Talker>> talkers_;
  Reloads reloads_;
  QuietSlices quiet_;  // of the plain requests; as long as a reload's turn
  bench::Reading before_;
  bench::Reading window_end_;
};

}  // namespace

void run_load(const Options& options) {
  const auto run = std::make_unique<Run>(options);
  (*run)();
}

}  // namespace berth::reload
