// What the dynamic loader said, made useful: which symbol or library is missing and what to do
// about it.
#pragma once

#include <string>
#include <string_view>

#include "plugin/elf_file.h"

namespace berth::plugin {

// `error` is the text of dlerror() for the private copy at `copy`, whose path is left out; `file`
// is what was loaded.
[[nodiscard]] std::string explain_load_error(std::string_view error, const std::string& copy,
                                             const ElfFile& file);

}  // namespace berth::plugin
