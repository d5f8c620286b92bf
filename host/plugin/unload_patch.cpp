#include "plugin/unload_patch.h"

#include <elf.h>

#include <cstddef>

namespace berth::plugin {

std::vector<BytePatch> unload_patch(const ElfFile& file) {
  std::vector<BytePatch> patches;
  for (std::size_t i = 0; i < file.symbol_count(); ++i) {
    const ElfSymbol symbol = file.symbol(i);
    if (!symbol.defined || !symbol.unique) continue;
    const auto info = static_cast<std::uint8_t>(file.bytes()[symbol.info_offset]);
    patches.push_back({symbol.info_offset,
                       static_cast<std::uint8_t>(ELF64_ST_INFO(STB_WEAK, ELF64_ST_TYPE(info)))});
  }
  static_assert(DF_1_NODELETE == 0x8, "of the first byte, which little-endian files begin with");
  for (const std::uint64_t offset : file.flags_1_offsets()) {
    const auto flags = static_cast<std::uint8_t>(file.bytes()[offset]);
    if ((flags & DF_1_NODELETE) == 0) continue;
    patches.push_back({offset, static_cast<std::uint8_t>(flags & ~DF_1_NODELETE)});
  }
  return patches;
}

}  // namespace berth::plugin
