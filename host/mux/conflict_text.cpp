#include "mux/conflict_text.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "mux/path.h"
#include "mux/precedence.h"

namespace berth::mux {
namespace {

using Kind = Segment::Kind;

// What a path may hold where the pattern has this segment.
std::string example(const Segment& segment) {
  if (segment.kind == Kind::kLiteral) return encode_segment(segment.text);
  return segment.kind == Kind::kWildcard ? segment.text : std::string();
}

// As example, but something that `other` does not match, where segment leaves a choice.
std::string counterexample(const Segment& segment, const Segment& other) {
  if (segment.kind == Kind::kRest && other.kind == Kind::kEnd) {
    return segment.text.empty() ? "x" : segment.text;
  }
  if (segment.kind == Kind::kWildcard && other.kind == Kind::kLiteral &&
      segment.text == other.text) {
    return segment.text + "x";
  }
  return example(segment);
}

bool more_specific(const Segment& a, const Segment& b) {
  if (a.kind == Kind::kRest) return false;
  return b.kind == Kind::kRest || a.kind != Kind::kWildcard;
}

}  // namespace

std::string common_path(const Pattern& a, const Pattern& b) {
  const std::vector<Segment>& left = a.segments();
  const std::vector<Segment>& right = b.segments();
  std::string path;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    path += '/';
    if (i >= right.size() || (i < left.size() && more_specific(left[i], right[i]))) {
      path += example(left[i]);
    } else {
      path += example(right[i]);
    }
  }
  return path;
}

std::string difference_path(const Pattern& a, const Pattern& b) {
  const std::vector<Segment>& left = a.segments();
  const std::vector<Segment>& right = b.segments();
  std::string path;
  for (std::size_t i = 0; i < left.size(); ++i) {
    path += '/';
    path += i < right.size() ? counterexample(left[i], right[i]) : example(left[i]);
  }
  return path;
}

std::string describe_conflict(const Pattern& a, const Pattern& b) {
  assert(conflicts(a, b));
  if (relation(a, b) == Relation::kEquivalent) {
    return a.text() + " matches the same requests as " + b.text();
  }
  if (compare_paths(a, b) == Relation::kOverlaps) {
    return a.text() + " and " + b.text() + " both match paths like " + common_path(a, b) +
           ", and neither is more specific: only the first matches " + difference_path(a, b) +
           ", only the second " + difference_path(b, a);
  }
  // The one with the narrower path takes more methods, or they would not conflict.
  const bool wider = compare_methods(a.method(), b.method()) == Relation::kMoreGeneral;
  const Pattern& narrow_path = wider ? a : b;
  const Pattern& narrow_method = wider ? b : a;
  return narrow_path.text() + " has the more specific path, " + narrow_method.text() +
         " the more specific method: neither is more specific for " + narrow_method.method() + " " +
         common_path(a, b);
}

}  // namespace berth::mux
