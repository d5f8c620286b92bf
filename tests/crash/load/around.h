// What all clients of a run share, with the moment at which the last host was killed.
#pragma once

#include "load/around.h"

namespace berth::crash {

using load::Clock;
using load::Ready;

class Around : public load::Around {
 public:
  using load::Around::Around;
  // What was connected before was that host's; the epoch: none was killed.
  Clock::time_point killed_at{};
  // Nothing is begun for now.
  bool resting = false;
};

}  // namespace berth::crash
