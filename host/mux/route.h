// One line of a route table: a pattern, where it stands and on which listeners it holds.
#pragma once

#include <cstdint>
#include <vector>

#include "base/source_position.h"
#include "mux/pattern.h"

namespace berth::mux {

struct Route {
  Pattern pattern;
  base::SourcePosition position;
  std::uint32_t route_index = 0;         // the caller's number, handed back in Match
  std::vector<std::uint32_t> listeners;  // their numbers, from 0; empty: every listener
};

// Whether some listener has both.
[[nodiscard]] bool share_listener(const Route& a, const Route& b) noexcept;

}  // namespace berth::mux
