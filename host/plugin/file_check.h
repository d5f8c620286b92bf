// Whether this host would load a plugin's file, with none of it mapped: trust, ELF, note and
// libraries in the order of a load. What shows only when it is loaded is Image's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/image.h"
#include "plugin/plugin_file.h"
#include "plugin/plugin_note.h"

namespace berth::plugin {

struct CheckedFile {
  PluginNote note;
  std::string build_id;  // hexadecimal digits; empty: it has none
  std::string digest;    // SHA-256 of the bytes, hexadecimal
  std::vector<std::string> unload_blockers;
  std::vector<std::string> warnings;  // of library_warnings()
};

// Errors: of check_trust(), ElfFile::parse(), check_plugin(), HostLibraries::check(). Texts do not
// begin with the path.
[[nodiscard]] base::Result<CheckedFile> check_file(const PluginFile& file,
                                                   const LoadContext& context);

// SHA-256 of its bytes, 64 hexadecimal digits.
[[nodiscard]] std::string digest_of(const PluginFile& file);

}  // namespace berth::plugin
