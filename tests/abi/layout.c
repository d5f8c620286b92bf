/* abi.h as C: it compiles, by itself and first, and everything stands where it stands in C++. */
#include <berth/abi.h>

#include "abi/layout.h"

int layout_as_c(void);
int layout_as_c(void) {
  berth_flusher older = {.size = 4};
  berth_flusher same = {.size = sizeof same};
  return !BERTH_HAS(&older, flush) && BERTH_HAS(&same, flush);
}
