#include "plugin/elf_file.h"

#include <elf.h>

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "scratch_folder.h"

namespace berth::plugin {
namespace {

template <class T>
void put(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::string header() {
  std::string bytes(sizeof(Elf64_Ehdr), '\0');
  bytes.replace(0, SELFMAG, ELFMAG);
  bytes[EI_CLASS] = ELFCLASS64;
  bytes[EI_DATA] = ELFDATA2LSB;
  put<std::uint16_t>(bytes, offsetof(Elf64_Ehdr, e_machine), EM_X86_64);
  put<std::uint16_t>(bytes, offsetof(Elf64_Ehdr, e_type), ET_DYN);
  return bytes;
}

struct Refusal {
  const char* description;
  std::string bytes;
  const char* text;  // part of it
};

TEST(ElfFile, EachRefusalNamesWhatIsWrong) {
  std::string short_header = header().substr(0, 40);
  std::string narrow = header();
  narrow[EI_CLASS] = ELFCLASS32;
  std::string big_endian = header();
  big_endian[EI_DATA] = ELFDATA2MSB;
  std::string sections = header();
  put<std::uint64_t>(sections, offsetof(Elf64_Ehdr, e_shoff), 4096);
  put<std::uint16_t>(sections, offsetof(Elf64_Ehdr, e_shnum), 10);
  put<std::uint16_t>(sections, offsetof(Elf64_Ehdr, e_shentsize), 64);
  std::string overflow = sections;
  put<std::uint64_t>(overflow, offsetof(Elf64_Ehdr, e_shoff), ~std::uint64_t{0});
  std::string programs = header();
  put<std::uint64_t>(programs, offsetof(Elf64_Ehdr, e_phoff), 64);
  put<std::uint16_t>(programs, offsetof(Elf64_Ehdr, e_phnum), 2);
  put<std::uint16_t>(programs, offsetof(Elf64_Ehdr, e_phentsize), sizeof(Elf64_Phdr));
  std::string odd_entries = programs;
  put<std::uint16_t>(odd_entries, offsetof(Elf64_Ehdr, e_phentsize), 3);

  const Refusal table[] = {
      {"nothing", "", "the file is empty"},
      {"a web page", "<html>404</html>", "not an ELF file"},
      {"half a header", short_header,
       "truncated: its ELF header end at byte 64, but it has only 40 bytes"},
      {"32 bit", narrow, "built for a 32-bit machine, this host is 64-bit"},
      {"big-endian", big_endian, "built for a big-endian machine, this host is little-endian"},
      {"section headers cut off", sections,
       "truncated: its section headers end at byte 4736, but it has only 64 bytes (is it still "
       "being copied?)"},
      {"section headers nowhere", overflow, "damaged: the section headers lie outside"},
      {"program headers cut off", programs, "program headers end at byte 176"},
      {"odd program headers", odd_entries, "program headers of 3 bytes instead of 56"},
  };
  for (const Refusal& row : table) {
    const auto file = ElfFile::parse(row.bytes);
    ASSERT_FALSE(file.ok()) << row.description;
    EXPECT_NE(file.error().text.find(row.text), std::string::npos)
        << row.description << ": " << file.error().text;
  }
}

TEST(ElfFile, ABareHeaderHasNothingToLoad) {
  const std::string bytes = header();
  const auto file = ElfFile::parse(bytes);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->dynamic());
  EXPECT_EQ(file->symbol_count(), 0u);
  EXPECT_EQ(file->machine(), EM_X86_64);
}

TEST(ElfFile, ReadsWhatTheLinkerWrote) {
  const std::string bytes = built("test_plain");
  const auto file = ElfFile::parse(bytes);
  ASSERT_TRUE(file.ok()) << file.error().text;
  EXPECT_TRUE(file->dynamic());
  EXPECT_FALSE(file->executable());
  EXPECT_FALSE(file->no_delete());
  EXPECT_FALSE(file->text_relocations());
  EXPECT_TRUE(file->defines("berth_plugin_v0"));
  EXPECT_FALSE(file->defines("make"));
  EXPECT_TRUE(file->imports("free") || file->imports("__interceptor_free"));
  EXPECT_FALSE(file->imports("berth_plugin_v0"));
  EXPECT_EQ(file->build_id().size(), 40u);
  EXPECT_TRUE(file->note("Berth", 1));
  EXPECT_FALSE(file->note("Berth", 2));
  EXPECT_FALSE(file->note("Bert", 1));
}

TEST(ElfFile, TellsFlagsSymbolsAndLibraries) {
  const std::string no_delete = built("test_no_delete");
  EXPECT_TRUE(ElfFile::parse(no_delete)->no_delete());

  const std::string unique = built("test_unique_symbol");
  const auto file = ElfFile::parse(unique);
  ASSERT_TRUE(file.ok());
  bool found = false;
  for (std::size_t i = 0; i < file->symbol_count(); ++i) {
    const ElfSymbol symbol = file->symbol(i);
    EXPECT_EQ(symbol.unique, symbol.name == "test_unique_object") << symbol.name;
    found |= symbol.unique;
  }
  EXPECT_TRUE(found);

  const std::string other_poco = built("test_other_poco");
  const auto needy = ElfFile::parse(other_poco);
  ASSERT_TRUE(needy.ok());
  EXPECT_NE(std::find(needy->needed().begin(), needy->needed().end(), "libPocoNet.so.1"),
            needy->needed().end());
}

TEST(ElfFile, TellsAnExecutableFromALibrary) {
  const std::string program = read_bytes(std::string(BERTH_TEST_PLUGINS_DIR) + "/test_executable");
  const auto file = ElfFile::parse(program);
  ASSERT_TRUE(file.ok()) << file.error().text;
  EXPECT_TRUE(file->executable());
}

TEST(ElfFile, NoPrefixOfAPluginIsTakenForIt_F52) {
  const std::string bytes = built("test_no_entry");
  for (std::size_t size = 0; size < bytes.size(); size += size < 1024 ? 1 : 61) {
    const auto file = ElfFile::parse(std::string_view(bytes).substr(0, size));
    EXPECT_FALSE(file.ok()) << size << " of " << bytes.size() << " bytes";
  }
}

TEST(ElfFile, NoByteChangedMakesItReadOutside) {
  // The sanitizers are the assertion; the counts only keep the reads from being left out.
  const std::string original = built("test_no_entry");
  std::size_t names = 0;
  for (std::size_t at = 0; at < original.size() && at < 4096; ++at) {
    std::string bytes = original;
    bytes[at] = static_cast<char>(bytes[at] ^ 0xff);
    const auto file = ElfFile::parse(bytes);
    if (!file) continue;
    for (std::size_t i = 0; i < file->symbol_count(); ++i) names += file->symbol(i).name.size();
    names += file->build_id().size() + file->soname().size() + file->needed().size();
  }
  EXPECT_GT(names, 0u);
}

TEST(MachineName, NamesKnownAndUnknownOnes) {
  EXPECT_EQ(machine_name(EM_X86_64), "x86-64");
  EXPECT_EQ(machine_name(EM_AARCH64), "aarch64");
  EXPECT_EQ(machine_name(4711), "machine 4711");
}

}  // namespace
}  // namespace berth::plugin
