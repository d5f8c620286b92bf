// The table of functions a plugin gets from this host (berth_host of abi.h), one for each image.
// What the functions do to a request is serve's.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/log_sink.h"

namespace berth::plugin {

// Outlives the image it was given to. Any thread.
class HostTable {
 public:
  // alias: the plugin's name in the configuration, for its log lines. sink outlives the table.
  HostTable(std::string alias, LogSink& sink);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  [[nodiscard]] const berth_host* get() const noexcept { return &calls_; }
  [[nodiscard]] const std::string& alias() const noexcept { return alias_; }

  // A line of the plugin, or about it. The route is that of the RouteScope the thread is in.
  void log(LogLevel level, std::string_view message,
           std::span<const LogPair> pairs = {}) const noexcept;

 private:
  // What the plugin sees first, and this class by its self pointer.
  struct Calls : berth_host {
    const HostTable* owner;
  };
  static void log_call(const berth_host* self, std::int32_t level, berth_str message,
                       const berth_pair* pairs, std::size_t pair_count) noexcept;

  std::string alias_;
  LogSink& sink_;
  Calls calls_;
};

// Tells which route this thread serves while it is inside a handler; scopes nest, as a handler may
// run others. The pattern outlives the scope.
class RouteScope {
 public:
  explicit RouteScope(std::string_view pattern) noexcept
      : outer_(std::exchange(current_, pattern)) {}
  RouteScope(const RouteScope&) = delete;
  RouteScope& operator=(const RouteScope&) = delete;
  ~RouteScope() noexcept { current_ = outer_; }

  // The innermost one's pattern; empty outside of all.
  [[nodiscard]] static std::string_view current() noexcept { return current_; }

 private:
  static inline constinit thread_local std::string_view current_;
  std::string_view outer_;
};

}  // namespace berth::plugin
