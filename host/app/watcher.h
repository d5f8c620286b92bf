// Reloads when a watched file was replaced (`watch: true`): a thread that waits for FileWatch. What
// is watched it is told after each reading of the configuration.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "app/file_watch.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "observe/log.h"

namespace berth::app {

// Made, started and stopped by one thread.
class Watcher {
 public:
  // on_change is called on its thread and must not wait. log and clock outlive it.
  [[nodiscard]] static base::Result<std::unique_ptr<Watcher>> open(std::function<void()> on_change,
                                                                   observe::Log& log,
                                                                   const base::Clock& clock);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  // stop() if it was not called.
  ~Watcher();

  // Error: the system has no thread for it.
  [[nodiscard]] base::Status<> start();
  // Any thread, before start(), too.
  void watch(FileWatch::Targets targets);
  void stop() noexcept;

 private:
  Watcher(std::function<void()> on_change, observe::Log& log, const base::Clock& clock,
          std::unique_ptr<FileWatch> files, base::Descriptor wake_read,
          base::Descriptor wake_write);
  void run();
  void wake() noexcept;
  // Until something happened, or FileWatch's deadline.
  void wait();
  [[nodiscard]] std::optional<FileWatch::Targets> take_targets();

  const std::function<void()> on_change_;
  observe::Log& log_;
  const base::Clock& clock_;
  const std::unique_ptr<FileWatch> files_;  // its thread's
  const base::Descriptor wake_read_;
  const base::Descriptor wake_write_;
  std::mutex mutex_;
  std::optional<FileWatch::Targets> targets_;  // under mutex_: not watched yet
  std::atomic<bool> stopping_{false};          // relaxed: the pipe's byte comes behind it
  std::thread thread_;
};

}  // namespace berth::app
