// The table of functions a plugin gets from this host (berth_host of abi.h), one for each image,
// with the tasks and timers it runs. What the functions do to a request is serve's.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "plugin/image_use.h"
#include "plugin/log_sink.h"
#include "plugin/task_set.h"
#include "plugin/timer_set.h"

namespace berth::plugin {

// Outlives the image it was given to. Any thread.
class HostTable {
 public:
  // alias: the plugin's name in the configuration, for its log lines. sink and clock outlive the
  // table.
  HostTable(std::string alias, LogSink& sink, const base::Clock& clock = base::system_clock());
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;
  // Waits for its tasks.
  ~HostTable();

  [[nodiscard]] const berth_host* get() const noexcept { return &calls_; }
  [[nodiscard]] const std::string& alias() const noexcept { return alias_; }
  // The image it was given to, once that is known; null in tests without one.
  void belong_to(ImageUse& image) noexcept {
    image_ = &image;
    image.belong_to(*this);
  }
  [[nodiscard]] ImageUse* image() const noexcept { return image_; }
  // Whose table it is. REQUIRES: one of get().
  [[nodiscard]] static HostTable& of(const berth_host& table) noexcept;

  [[nodiscard]] TaskSet& tasks() noexcept { return tasks_; }
  [[nodiscard]] const TaskSet& tasks() const noexcept { return tasks_; }
  [[nodiscard]] TimerSet& timers() noexcept { return timers_; }

  // A line of the plugin, or about it. The route is that of the CallScope the thread is in.
  void log(LogLevel level, std::string_view message,
           std::span<const LogPair> pairs = {}) const noexcept;

 private:
  // What the plugin sees first, and this class by its self pointer.
  struct Calls : berth_host {
    HostTable* owner;
  };
  static void log_call(const berth_host* self, std::int32_t level, berth_str message,
                       const berth_pair* pairs, std::size_t pair_count) noexcept;

  std::string alias_;
  LogSink& sink_;
  ImageUse* image_ = nullptr;
  Calls calls_;
  TaskSet tasks_;
  TimerSet timers_;
};

}  // namespace berth::plugin
