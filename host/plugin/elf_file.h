// A read-only view of an ELF64 shared object in memory: what the dynamic loader would see of it. It
// trusts no offset, maps nothing and runs nothing; what a plugin has to be is plugin_check.h's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::plugin {

// One entry of the dynamic symbol table. The name is a view into the file's bytes.
struct ElfSymbol {
  std::string_view name;
  bool defined = false;  // here; else somebody else has to bring it
  // STB_GNU_UNIQUE: shared between all images of the process, so that dlclose() does nothing
  // (measured-traps.md 3).
  bool unique = false;
  std::uint64_t info_offset = 0;  // of the byte in the file that holds binding and type
};

// Every view handed out lives as long as the bytes given to parse(). Immutable.
class ElfFile {
 public:
  // REQUIRES: bytes outlive the result. Little-endian ELF64 only; the machine may be any. Refused,
  // with a text that names both values: an empty file, no ELF file, another class or byte order, a
  // file shorter than its own headers say (kCorrupt), tables that contradict themselves (kCorrupt).
  [[nodiscard]] static base::Result<ElfFile> parse(std::string_view bytes);

  // EM_X86_64 and so on.
  [[nodiscard]] std::uint16_t machine() const noexcept { return machine_; }
  // ET_DYN, ET_EXEC, ET_REL...
  [[nodiscard]] std::uint16_t type() const noexcept { return type_; }
  // A position-independent executable: ET_DYN too, but dlopen() refuses it.
  [[nodiscard]] bool executable() const noexcept { return executable_; }
  // Has PT_DYNAMIC; without it there is nothing to load.
  [[nodiscard]] bool dynamic() const noexcept { return dynamic_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

  // DT_NEEDED in order, DT_SONAME, DT_RPATH, DT_RUNPATH; empty where absent.
  [[nodiscard]] std::span<const std::string_view> needed() const noexcept { return needed_; }
  [[nodiscard]] std::string_view soname() const noexcept { return soname_; }
  [[nodiscard]] std::string_view rpath() const noexcept { return rpath_; }
  [[nodiscard]] std::string_view runpath() const noexcept { return runpath_; }
  // DF_1_NODELETE: dlclose() never unmaps it.
  [[nodiscard]] bool no_delete() const noexcept { return no_delete_; }
  // Offsets in the file of the 8 bytes of each DT_FLAGS_1; mostly one or none.
  [[nodiscard]] std::span<const std::uint64_t> flags_1_offsets() const noexcept {
    return flags_1_offsets_;
  }
  // DF_STATIC_TLS: its thread_local variables take part of the little room that the loader set
  // aside at start.
  [[nodiscard]] bool static_tls() const noexcept { return static_tls_; }
  // DT_TEXTREL: code that is written to at load; needs writable code pages.
  [[nodiscard]] bool text_relocations() const noexcept { return text_relocations_; }

  [[nodiscard]] std::size_t symbol_count() const noexcept { return symbol_count_; }
  // REQUIRES: index < symbol_count(). The name is empty where the file lies about it.
  [[nodiscard]] ElfSymbol symbol(std::size_t index) const noexcept;
  // Whether the dynamic symbol table has this name, defined here or wanted from others. Linear.
  [[nodiscard]] bool defines(std::string_view name) const noexcept;
  [[nodiscard]] bool imports(std::string_view name) const noexcept;

  // The descriptor of the first note of this owner and type; nullopt: there is none.
  [[nodiscard]] std::optional<std::string_view> note(std::string_view owner,
                                                     std::uint32_t type) const noexcept;
  // NT_GNU_BUILD_ID in hexadecimal; empty where there is none.
  [[nodiscard]] std::string build_id() const;

 private:
  // Where a part of the file stands in memory: PT_LOAD.
  struct Segment {
    std::uint64_t address;
    std::uint64_t offset;
    std::uint64_t size;
  };
  struct Range {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  // What DT_* says before it is resolved; addresses of memory, 0: absent.
  struct Tables {
    std::uint64_t symbols = 0;
    std::uint64_t strings = 0;
    std::uint64_t strings_size = 0;
    std::uint64_t hash = 0;
    std::uint64_t gnu_hash = 0;
  };

  explicit ElfFile(std::string_view bytes) noexcept : bytes_(bytes) {}

  // The T at an offset of the file, or nothing where the file ends before.
  template <class T>
  [[nodiscard]] std::optional<T> read(std::uint64_t offset) const noexcept;
  [[nodiscard]] bool inside(std::uint64_t offset, std::uint64_t size) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address) const noexcept;
  // A NUL-ended string of the dynamic string table, or nothing.
  [[nodiscard]] std::optional<std::string_view> string_at(std::uint64_t index) const noexcept;

  [[nodiscard]] base::Status<> read_header();
  [[nodiscard]] base::Status<> read_segments(std::uint64_t offset, std::uint64_t count);
  [[nodiscard]] base::Status<> read_dynamic();
  [[nodiscard]] base::Status<> read_symbol_table(const Tables& tables);
  // How many symbols DT_HASH or DT_GNU_HASH tells of; nothing where they contradict the file.
  [[nodiscard]] std::optional<std::uint64_t> count_symbols(const Tables& tables) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> count_gnu_hash(std::uint64_t offset) const noexcept;

  std::string_view bytes_;
  std::uint16_t machine_ = 0;
  std::uint16_t type_ = 0;
  bool executable_ = false;
  bool dynamic_ = false;
  bool no_delete_ = false;
  bool static_tls_ = false;
  bool text_relocations_ = false;
  std::vector<std::uint64_t> flags_1_offsets_;
  bool interpreter_ = false;
  std::vector<Segment> segments_;
  std::vector<Range> notes_;
  Range dynamic_range_;
  Range strings_;
  std::uint64_t symbols_ = 0;  // offset of the file
  std::size_t symbol_count_ = 0;
  std::vector<std::string_view> needed_;
  std::string_view soname_;
  std::string_view rpath_;
  std::string_view runpath_;
};

// "x86-64", "aarch64", ... or "machine 243" for those without a name here.
[[nodiscard]] std::string machine_name(std::uint16_t machine);

}  // namespace berth::plugin
