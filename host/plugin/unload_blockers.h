// What in a plugin's file would keep its image in the process after dlclose() (measured-traps.md 3,
// 4).
#pragma once

#include <string>
#include <vector>

#include "plugin/elf_file.h"

namespace berth::plugin {

// One sentence for each, with the way out; empty: nothing is known. It is not all there can be: a
// thread that was left behind shows in no file.
[[nodiscard]] std::vector<std::string> unload_blockers(const ElfFile& file);

}  // namespace berth::plugin
