// What the fuzz targets share: a check that ends the run in every build type, and how much of an
// input's checks is done in this build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

namespace berth::fuzz {

// Whether this build replays a corpus. A replay does all that can be done with an input. A fuzzer
// does a little with each and tries many: what it does follows from the input's bytes alone.
inline constexpr bool kReplay = BERTH_FUZZ_REPLAY != 0;

// Longer inputs are split at some places only: all would take the square of their size.
inline constexpr std::size_t kSplitEverywhere = 4096;

// A broken property is a finding, also where assert is compiled out.
inline void check(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

inline bool lies_in(std::string_view view, std::string_view bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const auto at = reinterpret_cast<std::uintptr_t>(view.data());
  return view.empty() || (at >= begin && at + view.size() <= begin + bytes.size());
}

// The same number for the same bytes, and any for others. Not instrumented, so it costs little.
inline std::size_t number_of(std::string_view bytes) {
  return std::hash<std::string_view>{}(bytes);
}

// Whether a costly check is done: in a replay, and for one input in `each` while fuzzing.
inline bool chosen(std::size_t number, std::size_t each) {
  return kReplay || number / 64 % each == 0;
}

// Calls `look` with the places to split `bytes` at: all of them in a replay, one while fuzzing.
template <class Look>
void at_splits(std::string_view bytes, std::size_t number, Look look) {
  if (!kReplay) return look(number % (bytes.size() + 1));
  const std::size_t step = 1 + bytes.size() / kSplitEverywhere;
  for (std::size_t at = 0; at <= bytes.size(); at += step) look(at);
}

}  // namespace berth::fuzz
