// What in a plugin's file would keep its image, or what it took, in the process behind a reload and
// cannot be cured in the private copy: unload_patch.h does the rest.
#pragma once

#include <string>
#include <vector>

#include "plugin/elf_file.h"

namespace berth::plugin {

// One sentence for each, with the way out; empty: nothing is known. It is not all there can be: a
// thread that was left behind shows in no file, but in Image::holds().
[[nodiscard]] std::vector<std::string> unload_blockers(const ElfFile& file);

}  // namespace berth::plugin
