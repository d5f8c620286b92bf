// How many connections are in which state, as Go's http.ConnState has them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "observe/counters.h"

namespace berth::sched {
class Loops;
class Pool;
}  // namespace berth::sched

namespace berth::serve {

enum class ConnectionState : std::uint8_t {
  kNew,       // accepted, and nothing has come
  kActive,    // a request has begun to come and its answer is not all taken
  kIdle,      // between two requests
  kHijacked,  // a handler has it
  kClosed,    // all that ever were
};
inline constexpr std::size_t kConnectionStateCount = 5;

// "new", "active" and so on. Static storage.
[[nodiscard]] std::string_view name(ConnectionState state) noexcept;

struct ConnectionStates {
  std::array<std::uint64_t, kConnectionStateCount> counts{};
  [[nodiscard]] std::uint64_t operator[](ConnectionState state) const noexcept {
    return counts[static_cast<std::size_t>(state)];
  }
};

// Nobody notes the state of a connection whose requests are served as they come: those are active
// whose handler runs now, which the threads know, and those that lie somewhere half done, which are
// counted. Exact where nothing moves; else some value between before and after. Any thread.
[[nodiscard]] ConnectionStates count_connections(const observe::Counters& counters,
                                                 const sched::Pool& pool,
                                                 const sched::Loops& loops);

}  // namespace berth::serve
