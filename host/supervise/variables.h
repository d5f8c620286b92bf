// The environment a process was given, to be changed for those that it starts. Not its own one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth::supervise {

class Variables {
 public:
  // "NAME=VALUE" each, as environ(7).
  explicit Variables(std::vector<std::string> entries) : entries_(std::move(entries)) {}
  [[nodiscard]] static Variables of_process();

  // Empty: not set.
  [[nodiscard]] std::string value(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  [[nodiscard]] const std::vector<std::string>& entries() const noexcept { return entries_; }

 private:
  std::vector<std::string> entries_;
};

}  // namespace berth::supervise
