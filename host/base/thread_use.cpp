#include "base/thread_use.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "base/descriptor.h"

namespace berth::base {

namespace {

// pthread_getcpuclockid(3) asks for a thread that has not ended; by its number, clock_gettime(2)
// fails instead (include/linux/posix-timers_types.h: a thread's clock of what the scheduler gave).
clockid_t cpu_clock_of(pid_t thread) noexcept {
  constexpr unsigned kScheduled = 2;
  constexpr unsigned kOfThread = 4;
  return static_cast<clockid_t>((~static_cast<unsigned>(thread) << 3U) | kOfThread | kScheduled);
}

// 0: not known.
char state_of(pid_t thread) noexcept {
  constexpr std::string_view kFolder = "/proc/self/task/";
  constexpr std::string_view kFile = "/stat";
  std::array<char, 64> path{};
  char* end = path.data() + kFolder.copy(path.data(), kFolder.size());
  end = std::to_chars(end, end + 12, thread).ptr;
  kFile.copy(end, kFile.size());
  const Descriptor file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return 0;
  // The state follows the name, which is short and may hold anything.
  std::array<char, 64> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size <= 0) return 0;
  const std::string_view stat(text.data(), static_cast<std::size_t>(size));
  const std::size_t name_end = stat.rfind(") ");
  return name_end == std::string_view::npos || name_end + 2 >= stat.size() ? '\0'
                                                                           : stat[name_end + 2];
}

}  // namespace

std::optional<ThreadUse> thread_use(pid_t thread) noexcept {
  timespec used{};
  if (thread <= 0 || ::clock_gettime(cpu_clock_of(thread), &used) != 0) return std::nullopt;
  const char state = state_of(thread);
  if (state == 0) return std::nullopt;
  return ThreadUse{
      .state = state,
      .cpu = std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec)};
}

}  // namespace berth::base
