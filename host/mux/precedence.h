// Which of two patterns is the more specific one, as Go 1.22's ServeMux decides. Compares patterns
// only: no request, no table.
#pragma once

#include <cstdint>
#include <string_view>

#include "mux/pattern.h"

namespace berth::mux {

// How the set of requests one pattern matches stands to that of another.
enum class Relation : std::uint8_t {
  kEquivalent,    // the same set
  kMoreGeneral,   // a true superset
  kMoreSpecific,  // a true subset
  kOverlaps,      // some in common, each has some of its own
  kDisjoint,      // none in common
};

// The relation of b to a, given that of a to b.
[[nodiscard]] Relation mirror(Relation relation) noexcept;

// No method is more general than any, GET more general than HEAD (a GET pattern serves HEAD too).
[[nodiscard]] Relation compare_methods(std::string_view a, std::string_view b) noexcept;

// Literal over {name} over {name...}; {$} over {name...}, and nothing that {name} matches.
[[nodiscard]] Relation compare_paths(const Pattern& a, const Pattern& b) noexcept;

// Methods and paths together; hosts are not looked at.
[[nodiscard]] Relation relation(const Pattern& a, const Pattern& b) noexcept;

// Whether some request matches both and neither is the one to answer it: same host, and equivalent
// or overlapping. With different hosts there is no conflict: one that names a host wins over one
// that does not, and two that name different ones never meet.
[[nodiscard]] bool conflicts(const Pattern& a, const Pattern& b) noexcept;

}  // namespace berth::mux
