// Names the functions of ELF files by address, for backtraces: from the symbol table where the file
// was not stripped, else from the dynamic one. It loads nothing and trusts nothing of the file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth::observe {

// In a handler of a signal, too: all the memory it needs is its own, and the file is read, never
// mapped. One thread.
class SymbolFinder {
 public:
  // Left uninitialised: only what was read is looked at.
  SymbolFinder() noexcept {}  // NOLINT(modernize-use-equals-default): that would be zeroed
  SymbolFinder(const SymbolFinder&) = delete;
  SymbolFinder& operator=(const SymbolFinder&) = delete;

  struct Symbol {
    std::string_view name;   // as it stands in the file, cut at 511 bytes; until the next find()
    std::uint64_t distance;  // from where the function begins
  };
  // The function that an address of the file lies in; nothing: it has none there, or cannot be
  // read.
  [[nodiscard]] std::optional<Symbol> find(std::string_view path, std::uint64_t address) noexcept;

 private:
  struct Table {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t names = 0;  // where their texts are
    std::uint64_t names_size = 0;
  };
  [[nodiscard]] std::optional<Table> table_of(int file) noexcept;
  [[nodiscard]] std::optional<Symbol> look_through(int file, const Table& table,
                                                   std::uint64_t address) noexcept;

  static constexpr std::size_t kPiece = 16 * std::size_t{1024};
  alignas(8) std::array<char, kPiece> piece_;
  std::array<char, 512> text_;
};

}  // namespace berth::observe
