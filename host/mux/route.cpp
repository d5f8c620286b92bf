#include "mux/route.h"

#include <algorithm>

namespace berth::mux {

bool share_listener(const Route& a, const Route& b) noexcept {
  if (a.listeners.empty() || b.listeners.empty()) return true;
  return std::find_first_of(a.listeners.begin(), a.listeners.end(), b.listeners.begin(),
                            b.listeners.end()) != a.listeners.end();
}

}  // namespace berth::mux
