// bench_ping_pong CORE CORE: how long a cache line takes from one core to the other and back, in
// nanoseconds. On a virtual machine it tells whether the two are near each other right now.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <thread>

namespace {

constexpr int kBatches = 40;
constexpr int kRoundTrips = 1000;  // of a batch

struct alignas(128) Line {
  std::atomic<int> turns{0};  // even: the first core's turn
};

bool pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}

int number(std::string_view text) {
  int value = -1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

void return_all(Line& line) {
  for (int turn = 1; turn < 2 * kBatches * kRoundTrips; turn += 2) {
    while (line.turns.load(std::memory_order_acquire) != turn) {
    }
    line.turns.store(turn + 1, std::memory_order_release);
  }
}

double serve_batch(Line& line, int& turn) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRoundTrips; ++i, turn += 2) {
    line.turns.store(turn + 1, std::memory_order_release);
    while (line.turns.load(std::memory_order_acquire) != turn + 2) {
    }
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  return elapsed.count() / kRoundTrips;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: bench_ping_pong CORE CORE\n", stderr);
    return 2;
  }
  const int first = number(argv[1]);
  const int second = number(argv[2]);
  if (first < 0 || second < 0 || first == second || !pin_to(second) || !pin_to(first)) {
    std::fputs("bench_ping_pong: needs two different cores\n", stderr);
    return 1;
  }
  Line line;
  std::thread other([&line, second] {
    pin_to(second);
    return_all(line);
  });
  std::array<double, kBatches> batches{};
  int turn = 0;
  for (double& batch : batches) batch = serve_batch(line, turn);
  other.join();
  // The least disturbed batch: whoever else runs makes the others longer.
  std::printf("%.0f\n", *std::min_element(batches.begin(), batches.end()));
  return 0;
}
