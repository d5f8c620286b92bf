#include "serve/exchange.h"

#include <cassert>

namespace berth::serve {

bool Exchange::run() noexcept {
  assert(route_ != nullptr);
  try {
    route_->handler->serve(response_, request_);
  } catch (...) {  // of the host's own handlers (std::bad_alloc): plugins are contained at their
                   // boundary
    response_.fail();
  }
  try {
    response_.finish();
  } catch (...) {  // std::bad_alloc while the last bytes are put together
    response_.give_up();
  }
  return !response_.failed();
}

void Exchange::skip() noexcept { response_.lose(); }

}  // namespace berth::serve
