// What a plugin says about itself in its ELF note (berth/note.h), read without running any of it.
// Whether this host takes it is plugin_check.h's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::plugin {

// All texts are printable UTF-8 or ASCII without control bytes; empty where the note has no such
// key.
struct PluginNote {
  std::string sdk;  // "0.1.0": the SDK it was built with
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::string name;
  std::string version;
  std::vector<std::string> kinds;  // of handlers, in the plugin's order
  std::vector<std::string> middleware;
  std::string compiler;   // "gcc 12.2.0"
  std::string cxxabi;     // libstdc++'s; nothing of C++ crosses, so it is for people only
  std::string sanitizer;  // "none", "address", "thread"...
  std::string arch;       // "x86_64"
  std::string glibc;      // the one it was built against
  std::string git;        // the revision it was built from
};

// Reads the descriptor: lines KEY=VALUE, each ended by LF. Keys unknown here are left out, so that
// a later SDK may add some. Refused (kIncompatible): another format than ours, named with both
// values; (kCorrupt): a line without '=', a key twice, control bytes, a missing key of those a host
// needs (format, sdk, abi, name, version, sanitizer).
[[nodiscard]] base::Result<PluginNote> parse_note(std::string_view descriptor);

}  // namespace berth::plugin
