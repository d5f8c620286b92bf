// What `berth plugin inspect FILE` tells: a plugin's note and what its ELF file says, and whether
// this host would load it. None of the plugin's code is run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/elf_file.h"
#include "plugin/host_libraries.h"
#include "plugin/plugin_check.h"
#include "plugin/plugin_file.h"
#include "plugin/plugin_note.h"

namespace berth::plugin {

struct Inspection {
  std::string path;
  bool has_note = false;  // else `note` is empty
  PluginNote note;
  std::string machine;
  std::uint64_t size = 0;  // bytes
  std::string digest;      // SHA-256, hexadecimal
  std::string build_id;    // hexadecimal; empty: none
  std::vector<std::string> needed;
  std::vector<std::string> unload_blockers;
  std::vector<std::string> warnings;  // what does not keep it from being loaded
  std::vector<std::string> refusals;  // why this host would not; empty: it would
};

// Everything that can be told of the file; refusals hold all that is wrong at once, as far as one
// does not hide the next. An error only where there is nothing to tell: unreadable, or no ELF file.
[[nodiscard]] base::Result<Inspection> inspect(const PluginFile& file, const HostIdentity& host,
                                               const HostLibraries& libraries);

// Lines for people, each ended by LF; aligned, with the verdict last.
[[nodiscard]] std::string to_text(const Inspection& inspection);
// One JSON object (RFC 8259), ended by LF.
[[nodiscard]] std::string to_json(const Inspection& inspection);

}  // namespace berth::plugin
