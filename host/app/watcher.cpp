#include "app/watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace berth::app {

base::Result<std::unique_ptr<Watcher>> Watcher::open(std::function<void()> on_change,
                                                     observe::Log& log, const base::Clock& clock) {
  auto files = FileWatch::open();
  if (!files) return base::fail(std::move(files).error());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return base::fail(base::system_error(errno, "pipe2"));
  }
  return std::unique_ptr<Watcher>(new Watcher(std::move(on_change), log, clock, std::move(*files),
                                              base::Descriptor(ends[0]),
                                              base::Descriptor(ends[1])));
}

Watcher::Watcher(std::function<void()> on_change, observe::Log& log, const base::Clock& clock,
                 std::unique_ptr<FileWatch> files, base::Descriptor wake_read,
                 base::Descriptor wake_write)
    : on_change_(std::move(on_change)),
      log_(log),
      clock_(clock),
      files_(std::move(files)),
      wake_read_(std::move(wake_read)),
      wake_write_(std::move(wake_write)) {}

Watcher::~Watcher() { stop(); }

base::Status<> Watcher::start() {
  try {
    thread_ = std::thread([this] {
      (void)::pthread_setname_np(::pthread_self(), "berth-watch");
      run();
    });
  } catch (const std::system_error& error) {
    return base::fail(base::system_error(error.code().value(), "start the thread that watches"));
  }
  return base::done();
}

void Watcher::stop() noexcept {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_relaxed);
  wake();
  thread_.join();
}

void Watcher::watch(FileWatch::Targets targets) {
  {
    const std::lock_guard lock(mutex_);
    targets_ = std::move(targets);
  }
  wake();
}

void Watcher::wake() noexcept {
  const char byte = 0;  // a full pipe wakes as well
  (void)!::write(wake_write_.get(), &byte, sizeof byte);
}

std::optional<FileWatch::Targets> Watcher::take_targets() {
  const std::lock_guard lock(mutex_);
  return std::exchange(targets_, std::nullopt);
}

void Watcher::wait() {
  int timeout_ms = -1;
  if (const auto deadline = files_->deadline()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - clock_.now());
    timeout_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }
  std::array<pollfd, 2> sources{{{.fd = wake_read_.get(), .events = POLLIN, .revents = 0},
                                 {.fd = files_->descriptor(), .events = POLLIN, .revents = 0}}};
  (void)::poll(sources.data(), sources.size(), timeout_ms);
  std::array<char, 64> bytes;
  while (::read(wake_read_.get(), bytes.data(), bytes.size()) > 0) {
  }
}

void Watcher::run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (auto targets = take_targets()) {
      if (const auto status = files_->watch(std::move(*targets)); !status) {
        log_.warn("not all files are watched", {{"error", status.error().text}});
      }
    }
    if (files_->due(clock_.now())) on_change_();
    wait();
  }
}

}  // namespace berth::app
