// A client that asks for the same again and again, over a connection that it keeps as long as the
// server does: who loses one of its requests is seen.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

namespace berth::e2e {

// A thread of its own; the calls may come from any.
class BusyClient {
 public:
  // question: what is sent each time; a 200 is hoped for.
  BusyClient(std::uint16_t port, std::string_view question)
      : port_(port), question_(question), thread_([this] { run(); }) {}
  BusyClient(const BusyClient&) = delete;
  BusyClient& operator=(const BusyClient&) = delete;
  ~BusyClient();

  // After the answer that it waits for.
  void end() noexcept { ended_ = true; }
  [[nodiscard]] int answered() const noexcept { return answered_; }
  [[nodiscard]] int failed() const noexcept { return failed_; }

 private:
  void run();

  const std::uint16_t port_;
  const std::string question_;
  std::atomic<bool> ended_{false};
  std::atomic<int> answered_{0};
  std::atomic<int> failed_{0};
  std::thread thread_;
};

}  // namespace berth::e2e
