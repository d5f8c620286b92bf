#include "plugin/plugin_check.h"

#include <berth/abi.h>
#include <elf.h>

#include <optional>
#include <string_view>
#include <utility>

namespace berth::plugin {

namespace {

using base::done;
using base::ErrorCode;
using base::fail;

constexpr std::string_view kNoteOwner = "Berth";
constexpr std::uint32_t kNoteType = 1;
constexpr std::string_view kEntryPrefix = "berth_plugin_v";

constexpr std::uint16_t own_machine() noexcept {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#elif defined(__riscv)
  return EM_RISCV;
#else
#error "tell which EM_* this machine is"
#endif
}

// The same questions in the same order as berth/note.h asks them of a plugin.
constexpr const char* own_sanitizer() noexcept {
#if defined(__SANITIZE_ADDRESS__)
  return "address";
#elif defined(__SANITIZE_THREAD__)
  return "thread";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return "address";
#elif __has_feature(thread_sanitizer)
  return "thread";
#elif __has_feature(memory_sanitizer)
  return "memory";
#elif __has_feature(undefined_behavior_sanitizer)
  return "undefined";
#else
  return "none";
#endif
#else
  return "none";
#endif
}

std::string version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

base::Status<> check_object(const ElfFile& file, const HostIdentity& host) {
  if (file.machine() != host.machine) {
    return fail(ErrorCode::kIncompatible, "built for " + machine_name(file.machine()) +
                                              ", this host is " + machine_name(host.machine) +
                                              ": rebuild it for this machine");
  }
  if (file.type() == ET_REL) {
    return fail(
        ErrorCode::kInvalidArgument,
        "an object file, not a shared object: link it with -shared (berth_add_plugin does)");
  }
  if (file.executable()) {
    return fail(ErrorCode::kInvalidArgument,
                "an executable, not a shared object: link it with -shared (berth_add_plugin does)");
  }
  if (file.type() != ET_DYN || !file.dynamic()) {
    return fail(ErrorCode::kInvalidArgument,
                "not a shared object that can be loaded (ELF type " + std::to_string(file.type()) +
                    (file.dynamic() ? ")" : ", without a dynamic section)") +
                    ": link it with -shared (berth_add_plugin does)");
  }
  return done();
}

base::Status<> check_entry(const ElfFile& file, const HostIdentity& host) {
  std::optional<std::string_view> other;
  for (std::size_t i = 0; i < file.symbol_count(); ++i) {
    const ElfSymbol symbol = file.symbol(i);
    if (!symbol.defined) continue;
    if (symbol.name == host.entry) return done();
    if (symbol.name.starts_with(kEntryPrefix)) other = symbol.name;
  }
  if (other) {
    return fail(ErrorCode::kIncompatible, "built for another ABI: it exports " +
                                              std::string(*other) + ", this host calls " +
                                              host.entry + "; rebuild it with SDK " + host.sdk);
  }
  return fail(ErrorCode::kNotFound,
              "no plugin: it does not export " + host.entry +
                  "; is BERTH_PLUGIN(...) in it, and is it built by berth_add_plugin (another "
                  "version script or -fvisibility=hidden hides the entry)?");
}

base::Status<> check_versions(const PluginNote& note, const HostIdentity& host) {
  const bool same_major = note.abi_major == host.abi_major;
  // Before 1.0 anything may change with a minor; from then on a host takes older ones.
  const bool fits = same_major && (host.abi_major == 0 ? note.abi_minor == host.abi_minor
                                                       : note.abi_minor <= host.abi_minor);
  if (!fits) {
    return fail(ErrorCode::kIncompatible,
                "built for ABI " + version(note.abi_major, note.abi_minor) + " (SDK " + note.sdk +
                    "), this host has ABI " + version(host.abi_major, host.abi_minor) +
                    ": rebuild it with SDK " + host.sdk);
  }
  if (note.sanitizer != host.sanitizer) {
    return fail(ErrorCode::kIncompatible, "built with sanitizer " + note.sanitizer +
                                              ", this host with sanitizer " + host.sanitizer +
                                              ": build both the same way");
  }
  return done();
}

}  // namespace

HostIdentity this_host() {
  return {own_machine(),   BERTH_ABI_MAJOR,
          BERTH_ABI_MINOR, version(BERTH_ABI_MAJOR, BERTH_ABI_MINOR),
          BERTH_ENTRY,     own_sanitizer()};
}

base::Result<PluginNote> read_note(const ElfFile& file) {
  const auto text = file.note(kNoteOwner, kNoteType);
  if (!text) {
    return fail(ErrorCode::kNotFound,
                "it has no note of the SDK (.note.berth): build it with berth_add_plugin, and do "
                "not strip its sections");
  }
  return parse_note(*text);
}

base::Result<PluginNote> check_plugin(const ElfFile& file, const HostIdentity& host) {
  if (auto status = check_object(file, host); !status) return fail(std::move(status).error());
  if (auto status = check_entry(file, host); !status) return fail(std::move(status).error());
  auto note = read_note(file);
  if (!note) return note;
  if (auto status = check_versions(*note, host); !status) return fail(std::move(status).error());
  return note;
}

}  // namespace berth::plugin
