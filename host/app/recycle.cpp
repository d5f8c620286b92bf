#include "app/recycle.h"

#include <unistd.h>

#include <fstream>

#include "config/values.h"

namespace berth::app {

std::uint64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(file >> all >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::string recycle_reason(const config::Recycle& rule, const HostSize& size) {
  if (rule.retired_images && size.retired_images > *rule.retired_images) {
    return std::to_string(size.retired_images) + " images could not leave, more than " +
           std::to_string(*rule.retired_images);
  }
  if (rule.memory && size.memory > *rule.memory) {
    constexpr std::uint64_t kMiB = 1024 * 1024;
    return "it uses " + std::to_string(size.memory / kMiB) + " MiB of memory, more than " +
           config::format_bytes(*rule.memory);
  }
  if (rule.age && size.age > *rule.age)
    return "it is older than " + config::format_duration(*rule.age);
  return {};
}

}  // namespace berth::app
