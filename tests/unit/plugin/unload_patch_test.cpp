#include "plugin/unload_patch.h"

#include <gtest/gtest.h>

#include <string>

#include "plugin/private_copy.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

std::string patched(std::string bytes) {
  const std::string before = bytes;
  const auto file = ElfFile::parse(before);
  EXPECT_TRUE(file.ok());
  for (const BytePatch& patch : unload_patch(*file)) {
    EXPECT_LT(patch.offset, bytes.size());
    EXPECT_NE(static_cast<std::uint8_t>(bytes[patch.offset]), patch.value);
    bytes[patch.offset] = static_cast<char>(patch.value);
  }
  return bytes;
}

TEST(UnloadPatch, TakesUniqueSymbolsAndNoDeleteAway) {
  const std::string unique = patched(built("test_unique_symbol"));
  const auto file = ElfFile::parse(unique);
  ASSERT_TRUE(file.ok());
  EXPECT_TRUE(file->defines("test_unique_object"));
  for (std::size_t i = 0; i < file->symbol_count(); ++i) EXPECT_FALSE(file->symbol(i).unique);

  const std::string no_delete = patched(built("test_no_delete"));
  EXPECT_FALSE(ElfFile::parse(no_delete)->no_delete());
}

TEST(UnloadPatch, ChangesNothingElse) {
  const std::string plain = built("test_plain");
  EXPECT_EQ(patched(plain), plain);
  // One byte for its flags.
  const std::string before = built("test_no_delete");
  const std::string after = patched(before);
  std::size_t changed = 0;
  for (std::size_t i = 0; i < before.size(); ++i) changed += before[i] != after[i];
  EXPECT_EQ(changed, 1u);
}

TEST(UnloadPatch, IsAppliedToThePrivateCopyWhoseDigestIsThatOfTheFile) {
  const ScratchFolder scratch;
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok());
  PluginFile file;
  file.path = "a.so";
  file.bytes = "abc";
  const BytePatch patches[] = {{1, 'B'}};
  const auto copy = PrivateCopy::write(file, **folder, patches);
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ(read_bytes(copy->path()), "aBc");
  EXPECT_EQ(copy->digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace berth::plugin
