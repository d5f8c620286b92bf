// Decides from the ELF file and its note whether this host takes a plugin, before any of it is
// mapped. What shows only when it is loaded (undefined symbols, its table) is Image's.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "plugin/elf_file.h"
#include "plugin/plugin_note.h"

namespace berth::plugin {

// What a plugin has to fit to.
struct HostIdentity {
  std::uint16_t machine = 0;  // EM_*
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string sdk;        // the SDK to rebuild with, "0.1"
  std::string entry;      // the symbol to export, "berth_plugin_v0"
  std::string sanitizer;  // "none", "address"...
};

// The identity of this very build.
[[nodiscard]] HostIdentity this_host();

// The note of a Berth plugin whoever it was built for; for `inspect`. kNotFound: it has none.
[[nodiscard]] base::Result<PluginNote> read_note(const ElfFile& file);

// The note, if this host takes the plugin. Refused in this order, each with a text that names both
// values and the way out: another machine, an executable or object file, no entry, the entry of
// another ABI, no or a malformed note, another ABI version (until 1.0 the minor has to be the
// same), another sanitizer.
[[nodiscard]] base::Result<PluginNote> check_plugin(const ElfFile& file, const HostIdentity& host);

}  // namespace berth::plugin
