#include "mux/precedence.h"

#include <algorithm>
#include <cstddef>

namespace berth::mux {
namespace {

using Kind = Segment::Kind;

// The relation of two sets of pairs, from those of their first and of their second parts.
Relation combine(Relation first, Relation second) noexcept {
  if (first == Relation::kDisjoint || second == Relation::kDisjoint) return Relation::kDisjoint;
  if (first == Relation::kEquivalent) return second;
  if (second == Relation::kEquivalent) return first;
  return first == second ? first : Relation::kOverlaps;
}

Relation compare_segments(const Segment& a, const Segment& b) noexcept {
  if (a.kind == b.kind) {
    const bool same = a.kind != Kind::kLiteral || a.text == b.text;
    return same ? Relation::kEquivalent : Relation::kDisjoint;
  }
  if (a.kind == Kind::kRest) return Relation::kMoreGeneral;
  if (b.kind == Kind::kRest) return Relation::kMoreSpecific;
  // What is left is a literal, a {name} and a {$}, two of them; only the first two share segments.
  if (a.kind == Kind::kEnd || b.kind == Kind::kEnd) return Relation::kDisjoint;
  return a.kind == Kind::kWildcard ? Relation::kMoreGeneral : Relation::kMoreSpecific;
}

}  // namespace

Relation mirror(Relation relation) noexcept {
  if (relation == Relation::kMoreGeneral) return Relation::kMoreSpecific;
  if (relation == Relation::kMoreSpecific) return Relation::kMoreGeneral;
  return relation;
}

Relation compare_methods(std::string_view a, std::string_view b) noexcept {
  if (a == b) return Relation::kEquivalent;
  if (a.empty() || (a == "GET" && b == "HEAD")) return Relation::kMoreGeneral;
  if (b.empty() || (a == "HEAD" && b == "GET")) return Relation::kMoreSpecific;
  return Relation::kDisjoint;
}

Relation compare_paths(const Pattern& a, const Pattern& b) noexcept {
  const std::vector<Segment>& left = a.segments();
  const std::vector<Segment>& right = b.segments();
  const std::size_t common = std::min(left.size(), right.size());
  Relation result = Relation::kEquivalent;
  for (std::size_t i = 0; i < common && result != Relation::kDisjoint; ++i) {
    result = combine(result, compare_segments(left[i], right[i]));
  }
  if (left.size() == right.size()) return result;
  // Only a pattern that takes any rest can match what a longer one does.
  const bool left_shorter = left.size() < right.size();
  const Segment& last = left_shorter ? left.back() : right.back();
  if (last.kind != Kind::kRest) return Relation::kDisjoint;
  return combine(result, left_shorter ? Relation::kMoreGeneral : Relation::kMoreSpecific);
}

Relation relation(const Pattern& a, const Pattern& b) noexcept {
  const Relation methods = compare_methods(a.method(), b.method());
  if (methods == Relation::kDisjoint) return methods;
  return combine(methods, compare_paths(a, b));
}

bool conflicts(const Pattern& a, const Pattern& b) noexcept {
  if (a.host() != b.host()) return false;
  const Relation both = relation(a, b);
  return both == Relation::kEquivalent || both == Relation::kOverlaps;
}

}  // namespace berth::mux
