// abi.h as C++: it compiles, by itself and first, and everything stands where it stands in C.
#include <berth/abi.h>

#include "abi/layout.h"

bool layout_as_cpp();
bool layout_as_cpp() {
  berth_flusher older{4, nullptr};
  berth_flusher same{sizeof same, nullptr};
  return !BERTH_HAS(&older, flush) && BERTH_HAS(&same, flush);
}
