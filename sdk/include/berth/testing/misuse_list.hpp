// Breaches of the contract by a plugin, as sentences; not a judge of what a breach is.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace berth::testing {

// Any thread.
class MisuseList {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
  }
  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

}  // namespace berth::testing
