// Whether others than root and the user of this process can have the loader load a library of
// theirs: by the folders that a plugin has it look in (faults.md 76). Which libraries it finds is
// not asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/elf_file.h"
#include "plugin/file_trust.h"

namespace berth::plugin {

// A warning for each part of a DT_RPATH or DT_RUNPATH that is empty or relative, which is the
// working directory, or a folder in which somebody else may put a file, also by making it first.
// Parts that begin with $ORIGIN are left out: it is the private copy's folder, which is checked.
[[nodiscard]] std::vector<std::string> search_path_warnings(std::string_view path,
                                                            const TrustPolicy& policy);

// Of both of a file's.
[[nodiscard]] std::vector<std::string> library_warnings(const ElfFile& file,
                                                        const TrustPolicy& policy);

}  // namespace berth::plugin
