// What the fuzz targets of http/ share: a check that ends the run in every build type.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace berth::fuzz {

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

}  // namespace berth::fuzz
