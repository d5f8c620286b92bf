#include "observe/symbol_finder.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/descriptor.h"

namespace berth::observe {

namespace {

// What there is of that many bytes from an offset on.
std::size_t read_at(int file, std::uint64_t offset, char* into, std::size_t size) noexcept {
  std::size_t filled = 0;
  while (filled < size && offset + filled <= INT64_MAX) {
    const ssize_t count =
        ::pread(file, into + filled, size - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    filled += static_cast<std::size_t>(count);
  }
  return filled;
}

template <class T>
bool read_one(int file, std::uint64_t offset, T& value) noexcept {
  std::array<char, sizeof(T)> bytes;
  if (offset > INT64_MAX || read_at(file, offset, bytes.data(), bytes.size()) != bytes.size()) {
    return false;
  }
  std::memcpy(&value, bytes.data(), bytes.size());
  return true;
}

bool is_function(const Elf64_Sym& symbol) noexcept {
  const unsigned type = ELF64_ST_TYPE(symbol.st_info);
  return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF;
}

}  // namespace

std::optional<SymbolFinder::Table> SymbolFinder::table_of(int file) noexcept {
  Elf64_Ehdr header{};
  if (!read_one(file, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr)) {
    return std::nullopt;
  }
  Elf64_Shdr chosen{};
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section{};
    if (!read_one(file, header.e_shoff + i * sizeof section, section)) return std::nullopt;
    // The full one has the dynamic one's functions, too.
    const bool wanted = section.sh_type == SHT_SYMTAB ||
                        (section.sh_type == SHT_DYNSYM && chosen.sh_type != SHT_SYMTAB);
    if (wanted) chosen = section;
  }
  Elf64_Shdr names{};
  const std::uint64_t at = header.e_shoff + std::uint64_t{chosen.sh_link} * sizeof names;
  if (chosen.sh_type == SHT_NULL || !read_one(file, at, names)) return std::nullopt;
  return Table{chosen.sh_offset, chosen.sh_size, names.sh_offset, names.sh_size};
}

std::optional<SymbolFinder::Symbol> SymbolFinder::look_through(int file, const Table& table,
                                                               std::uint64_t address) noexcept {
  constexpr std::size_t kMost = kPiece / sizeof(Elf64_Sym) * sizeof(Elf64_Sym);
  Elf64_Sym best{};
  bool found = false;
  for (std::uint64_t at = 0; at < table.size;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kMost, table.size - at));
    const std::size_t there = read_at(file, table.offset + at, piece_.data(), wanted);
    for (std::size_t i = 0; i + sizeof(Elf64_Sym) <= there; i += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, piece_.data() + i, sizeof symbol);
      if (!is_function(symbol) || symbol.st_value > address) continue;
      if (symbol.st_size != 0 && address - symbol.st_value >= symbol.st_size) continue;
      if (found && symbol.st_value <= best.st_value) continue;
      best = symbol;
      found = true;
    }
    if (there < kMost) break;
    at += there;
  }
  if (!found || best.st_name >= table.names_size || table.names > INT64_MAX) return std::nullopt;
  const std::size_t size =
      read_at(file, table.names + best.st_name, text_.data(), text_.size() - 1);
  text_[size] = '\0';
  if (text_[0] == '\0') return std::nullopt;
  return Symbol{text_.data(), address - best.st_value};
}

std::optional<SymbolFinder::Symbol> SymbolFinder::find(std::string_view path,
                                                       std::uint64_t address) noexcept {
  std::array<char, 1024> name;
  if (path.size() >= name.size()) return std::nullopt;
  std::copy(path.begin(), path.end(), name.begin());
  name[path.size()] = '\0';
  const base::Descriptor file(::open(name.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return std::nullopt;
  const auto table = table_of(file.get());
  return table ? look_through(file.get(), *table, address) : std::nullopt;
}

}  // namespace berth::observe
