// What is changed in the private copy of a plugin, and nowhere else, so that its image can leave
// the process again. The deployed file and its digest stay what they are.
#pragma once

#include <cstdint>
#include <vector>

#include "plugin/elf_file.h"

namespace berth::plugin {

// One byte of a file that gets another value.
struct BytePatch {
  std::uint64_t offset = 0;
  std::uint8_t value = 0;
};

// Symbols of STB_GNU_UNIQUE that are defined here become weak: the loader then looks them up as any
// other, each image finds its own, and none is held for the others (measured-traps.md 3).
// DF_1_NODELETE is cleared. Every offset lies inside the file; mostly there is nothing to do.
[[nodiscard]] std::vector<BytePatch> unload_patch(const ElfFile& file);

}  // namespace berth::plugin
