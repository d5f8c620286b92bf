#include "plugin/elf_file.h"

#include <elf.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace berth::plugin {

namespace {

using base::done;
using base::ErrorCode;
using base::fail;

std::string number(std::uint64_t value) { return std::to_string(value); }

base::Failure<base::Error> truncated(const std::string& what, std::uint64_t end, std::size_t size) {
  return fail(ErrorCode::kCorrupt, "the file is truncated: its " + what + " end at byte " +
                                       number(end) + ", but it has only " + number(size) +
                                       " bytes (is it still being copied?)");
}

base::Failure<base::Error> corrupt(const std::string& what) {
  return fail(ErrorCode::kCorrupt, "the file is damaged: " + what + "; build or copy it again");
}

// a * b + c without overflow: all three come from 16- or 32-bit fields but c, which is capped
// first.
std::optional<std::uint64_t> end_of_table(std::uint64_t offset, std::uint64_t count,
                                          std::uint64_t entry) noexcept {
  std::uint64_t bytes = 0;
  std::uint64_t end = 0;
  if (__builtin_mul_overflow(count, entry, &bytes)) return std::nullopt;
  if (__builtin_add_overflow(offset, bytes, &end)) return std::nullopt;
  return end;
}

std::uint64_t align4(std::uint64_t value) noexcept { return (value + 3) & ~std::uint64_t{3}; }

}  // namespace

template <class T>
std::optional<T> ElfFile::read(std::uint64_t offset) const noexcept {
  if (!inside(offset, sizeof(T))) return std::nullopt;
  T value;
  std::memcpy(&value, bytes_.data() + offset,
              sizeof value);  // a file's offsets need not be aligned
  return value;
}

bool ElfFile::inside(std::uint64_t offset, std::uint64_t size) const noexcept {
  return offset <= bytes_.size() && size <= bytes_.size() - offset;
}

std::optional<std::uint64_t> ElfFile::offset_of(std::uint64_t address) const noexcept {
  for (const Segment& segment : segments_) {
    if (address >= segment.address && address - segment.address < segment.size) {
      return segment.offset + (address - segment.address);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> ElfFile::string_at(std::uint64_t index) const noexcept {
  if (index >= strings_.size) return std::nullopt;
  const std::string_view rest = bytes_.substr(strings_.offset + index, strings_.size - index);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return rest.substr(0, end);
}

base::Result<ElfFile> ElfFile::parse(std::string_view bytes) {
  ElfFile file(bytes);
  if (auto status = file.read_header(); !status) return fail(std::move(status).error());
  if (auto status = file.read_dynamic(); !status) return fail(std::move(status).error());
  return file;
}

base::Status<> ElfFile::read_header() {
  if (bytes_.empty()) {
    return fail(ErrorCode::kInvalidArgument, "the file is empty (is it still being copied?)");
  }
  if (!bytes_.starts_with(std::string_view(ELFMAG, SELFMAG))) {
    return fail(
        ErrorCode::kInvalidArgument,
        "not an ELF file: it does not begin with \"\\x7fELF\"; give the path of the built .so");
  }
  const auto header = read<Elf64_Ehdr>(0);
  if (!header) return truncated("ELF header", sizeof(Elf64_Ehdr), bytes_.size());
  if (header->e_ident[EI_CLASS] != ELFCLASS64) {
    return fail(ErrorCode::kIncompatible,
                std::string("built for ") +
                    (header->e_ident[EI_CLASS] == ELFCLASS32 ? "a 32-bit machine"
                                                             : "an unknown ELF class") +
                    ", this host is 64-bit: rebuild it for this machine");
  }
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return fail(ErrorCode::kIncompatible,
                "built for a big-endian machine, this host is little-endian: rebuild it for this "
                "machine");
  }
  machine_ = header->e_machine;
  type_ = header->e_type;
  // The section headers end a file: half a copy is noticed here, before any table is believed.
  if (header->e_shoff != 0) {
    const auto end = end_of_table(header->e_shoff, header->e_shnum, header->e_shentsize);
    if (!end) return corrupt("the section headers lie outside of any file");
    if (*end > bytes_.size()) return truncated("section headers", *end, bytes_.size());
  }
  if (header->e_phnum == 0) return done();
  if (header->e_phentsize != sizeof(Elf64_Phdr)) {
    return corrupt("program headers of " + number(header->e_phentsize) + " bytes instead of " +
                   number(sizeof(Elf64_Phdr)));
  }
  const auto end = end_of_table(header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr));
  if (!end) return corrupt("the program headers lie outside of any file");
  if (*end > bytes_.size()) return truncated("program headers", *end, bytes_.size());
  return read_segments(header->e_phoff, header->e_phnum);
}

base::Status<> ElfFile::read_segments(std::uint64_t offset, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto segment = read<Elf64_Phdr>(offset + i * sizeof(Elf64_Phdr));
    if (!segment) return truncated("program headers", offset, bytes_.size());
    const bool wanted =
        segment->p_type == PT_LOAD || segment->p_type == PT_NOTE || segment->p_type == PT_DYNAMIC;
    if (wanted && !inside(segment->p_offset, segment->p_filesz)) {
      const auto end = end_of_table(segment->p_offset, 1, segment->p_filesz);
      if (!end) return corrupt("segment " + number(i) + " lies outside of any file");
      return truncated("segments", *end, bytes_.size());
    }
    switch (segment->p_type) {
      case PT_LOAD:
        segments_.push_back({segment->p_vaddr, segment->p_offset, segment->p_filesz});
        break;
      case PT_NOTE:
        notes_.push_back({segment->p_offset, segment->p_filesz});
        break;
      case PT_DYNAMIC:
        dynamic_ = true;
        dynamic_range_ = {segment->p_offset, segment->p_filesz};
        break;
      case PT_INTERP:
        interpreter_ = true;
        break;
      default:
        break;
    }
  }
  return done();
}

base::Status<> ElfFile::read_dynamic() {
  Tables tables;
  std::vector<std::uint64_t> needed;
  std::uint64_t soname = 0, rpath = 0, runpath = 0;
  bool pie = false;
  for (std::uint64_t at = 0; dynamic_range_.size - at >= sizeof(Elf64_Dyn);
       at += sizeof(Elf64_Dyn)) {
    const auto entry = read<Elf64_Dyn>(dynamic_range_.offset + at);
    if (!entry || entry->d_tag == DT_NULL) break;
    const std::uint64_t value = entry->d_un.d_val;
    switch (entry->d_tag) {
      case DT_NEEDED:
        needed.push_back(value);
        break;
      case DT_SONAME:
        soname = value;
        break;
      case DT_RPATH:
        rpath = value;
        break;
      case DT_RUNPATH:
        runpath = value;
        break;
      case DT_STRTAB:
        tables.strings = value;
        break;
      case DT_STRSZ:
        tables.strings_size = value;
        break;
      case DT_SYMTAB:
        tables.symbols = value;
        break;
      case DT_HASH:
        tables.hash = value;
        break;
      case DT_GNU_HASH:
        tables.gnu_hash = value;
        break;
      case DT_TEXTREL:
        text_relocations_ = true;
        break;
      case DT_FLAGS:
        if ((value & DF_TEXTREL) != 0) text_relocations_ = true;
        if ((value & DF_STATIC_TLS) != 0) static_tls_ = true;
        break;
      case DT_FLAGS_1:
        flags_1_offsets_.push_back(dynamic_range_.offset + at + offsetof(Elf64_Dyn, d_un));
        no_delete_ = (value & DF_1_NODELETE) != 0;
        pie = (value & DF_1_PIE) != 0;
        break;
      default:
        break;
    }
  }
  // Some libraries (libc.so.6) have an interpreter too, so that they can be run: what tells them
  // from an executable is their name.
  executable_ = type_ == ET_EXEC || pie || (interpreter_ && soname == 0);
  if (!dynamic_) return done();

  if (tables.strings != 0) {
    const auto offset = offset_of(tables.strings);
    if (!offset || !inside(*offset, tables.strings_size)) {
      return corrupt("its string table lies outside of it");
    }
    strings_ = {*offset, tables.strings_size};
  }
  for (const std::uint64_t index : needed) {
    const auto name = string_at(index);
    if (!name) return corrupt("the name of a needed library lies outside of its string table");
    needed_.push_back(*name);
  }
  if (soname != 0) soname_ = string_at(soname).value_or("");
  if (rpath != 0) rpath_ = string_at(rpath).value_or("");
  if (runpath != 0) runpath_ = string_at(runpath).value_or("");
  return read_symbol_table(tables);
}

base::Status<> ElfFile::read_symbol_table(const Tables& tables) {
  if (tables.symbols == 0) return done();
  const auto offset = offset_of(tables.symbols);
  if (!offset) return corrupt("its symbol table lies outside of it");
  const auto count = count_symbols(tables);
  if (!count) return corrupt("its symbol hash table contradicts itself");
  const auto end = end_of_table(*offset, *count, sizeof(Elf64_Sym));
  if (!end || *end > bytes_.size()) return corrupt("its symbol table lies outside of it");
  symbols_ = *offset;
  symbol_count_ = static_cast<std::size_t>(*count);
  return done();
}

std::optional<std::uint64_t> ElfFile::count_symbols(const Tables& tables) const noexcept {
  if (tables.hash != 0) {
    const auto offset = offset_of(tables.hash);
    if (!offset) return std::nullopt;
    // nbucket, nchain: one chain entry for each symbol.
    const auto chains = read<std::uint32_t>(*offset + sizeof(std::uint32_t));
    if (!chains) return std::nullopt;
    return *chains;
  }
  if (tables.gnu_hash == 0) return 0;
  const auto offset = offset_of(tables.gnu_hash);
  if (!offset) return std::nullopt;
  return count_gnu_hash(*offset);
}

// The table holds no count: the last symbol is the end of the chain of the highest bucket.
//   nbuckets | first symbol | bloom words | bloom shift | bloom (8 each) | buckets (4 each) |
//   chains
std::optional<std::uint64_t> ElfFile::count_gnu_hash(std::uint64_t offset) const noexcept {
  constexpr std::uint64_t kWord = sizeof(std::uint32_t);
  const auto buckets = read<std::uint32_t>(offset);
  const auto first = read<std::uint32_t>(offset + kWord);
  const auto bloom = read<std::uint32_t>(offset + 2 * kWord);
  if (!buckets || !first || !bloom) return std::nullopt;
  const std::uint64_t bucket_offset = offset + 4 * kWord + std::uint64_t{*bloom} * 8;
  if (!inside(bucket_offset, std::uint64_t{*buckets} * kWord)) return std::nullopt;
  std::uint64_t highest = 0;
  for (std::uint64_t i = 0; i < *buckets; ++i) {
    const std::uint64_t head = read<std::uint32_t>(bucket_offset + i * kWord).value_or(0);
    if (head > highest) highest = head;
  }
  if (highest == 0) return *first;  // nothing is exported: only imports stand in the table
  if (highest < *first) return std::nullopt;
  const std::uint64_t chains = bucket_offset + std::uint64_t{*buckets} * kWord;
  for (std::uint64_t symbol = highest;; ++symbol) {
    const auto chain = read<std::uint32_t>(chains + (symbol - *first) * kWord);
    if (!chain) return std::nullopt;
    if ((*chain & 1) != 0) return symbol + 1;
  }
}

ElfSymbol ElfFile::symbol(std::size_t index) const noexcept {
  assert(index < symbol_count_);
  const std::uint64_t offset = symbols_ + std::uint64_t{index} * sizeof(Elf64_Sym);
  const auto entry = read<Elf64_Sym>(offset);
  if (!entry) return {};
  ElfSymbol symbol;
  symbol.name = string_at(entry->st_name).value_or("");
  symbol.defined = entry->st_shndx != SHN_UNDEF;
  symbol.unique = ELF64_ST_BIND(entry->st_info) == STB_GNU_UNIQUE;
  symbol.info_offset = offset + offsetof(Elf64_Sym, st_info);
  return symbol;
}

bool ElfFile::defines(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < symbol_count_; ++i) {
    const ElfSymbol found = symbol(i);
    if (found.defined && found.name == name) return true;
  }
  return false;
}

bool ElfFile::imports(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < symbol_count_; ++i) {
    const ElfSymbol found = symbol(i);
    if (!found.defined && found.name == name) return true;
  }
  return false;
}

std::optional<std::string_view> ElfFile::note(std::string_view owner,
                                              std::uint32_t type) const noexcept {
  for (const Range& range : notes_) {
    std::uint64_t at = range.offset;
    const std::uint64_t end = range.offset + range.size;
    // Owner and descriptor are padded to 4 bytes; 8-aligned segments (.note.gnu.property) hold
    // multiples of 8 anyway.
    while (at <= end && end - at >= sizeof(Elf64_Nhdr)) {
      const auto header = read<Elf64_Nhdr>(at);
      if (!header) break;
      const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
      const std::uint64_t text_at = name_at + align4(header->n_namesz);
      const std::uint64_t next = text_at + align4(header->n_descsz);
      if (text_at > end || header->n_descsz > end - text_at) break;
      std::string_view name = bytes_.substr(name_at, header->n_namesz);
      if (!name.empty() && name.back() == '\0') name.remove_suffix(1);
      if (name == owner && header->n_type == type) return bytes_.substr(text_at, header->n_descsz);
      at = next;
    }
  }
  return std::nullopt;
}

std::string ElfFile::build_id() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : note(ELF_NOTE_GNU, NT_GNU_BUILD_ID).value_or("")) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv";
    case EM_PPC64:
      return "ppc64";
    case EM_S390:
      return "s390x";
    case EM_LOONGARCH:
      return "loongarch";
    default:
      return "machine " + std::to_string(machine);
  }
}

}  // namespace berth::plugin
