// What a connection does for a root when it is asked, and how it is told to end: for whoever waits
// until a generation has no users.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace berth::serve {

class Root;
struct Route;

struct Use {
  enum class Kind : std::uint8_t {
    kRequest,   // inside a handler
    kQueued,    // waits for a thread
    kHijacked,  // a handler has taken the connection over
  };
  Kind kind = Kind::kRequest;
  const Root* root = nullptr;
  // To be compared with routes that are known to live; nothing says that this one still does.
  const Route* route = nullptr;
  base::TimePoint since;
  bool recalled = false;  // see Used::recall()
};

// A connection of a server's loops. On its loop's driver only (Loop::for_each_connection).
class Used {
 public:
  Used() = default;
  Used(const Used&) = delete;
  Used& operator=(const Used&) = delete;
  virtual ~Used() = default;

  // Nothing: it waits for its client, or is answered by no root.
  [[nodiscard]] virtual std::optional<Use> use() const noexcept = 0;
  // REQUIRES: use(). Its handler hears that nobody wants the answer any more (Request::cancelled);
  // a hijacked one hears the end of its input.
  virtual void recall() noexcept = 0;
  // REQUIRES: use(). Its socket is shut: whatever its handler waits for fails.
  virtual void cut() noexcept = 0;
};

}  // namespace berth::serve
