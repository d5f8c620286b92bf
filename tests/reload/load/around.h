// What all clients of a run share, with the releases that may answer them.
#pragma once

#include "load/around.h"
#include "reload/load/releases.h"

namespace berth::reload {

using load::Clock;
using load::Ready;

class Around : public load::Around {
 public:
  using load::Around::Around;
  Releases releases;
};

}  // namespace berth::reload
