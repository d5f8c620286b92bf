#include "plugin/plugin_check.h"

#include <elf.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "scratch_folder.h"

namespace berth::plugin {
namespace {

std::string patched_machine(std::uint16_t machine) {
  std::string bytes = built("test_plain");
  std::memcpy(bytes.data() + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof machine);
  return bytes;
}

// The plugin with one text of its note replaced by another of the same length.
std::string forged_note(const std::string& from, const std::string& to) {
  EXPECT_EQ(from.size(), to.size());
  std::string bytes = built("test_plain");
  const std::size_t note = bytes.find("format=1\n");
  EXPECT_NE(note, std::string::npos);
  const std::size_t at = bytes.find(from, note);
  EXPECT_NE(at, std::string::npos) << from;
  return bytes.replace(at, from.size(), to);
}

std::string refusal_of(const std::string& bytes, const HostIdentity& host = this_host()) {
  const auto file = ElfFile::parse(bytes);
  if (!file) return file.error().text;
  const auto note = check_plugin(*file, host);
  return note.ok() ? "" : note.error().text;
}

TEST(PluginCheck, TakesAPluginOfItsOwnBuild) {
  const std::string bytes = built("test_plain");
  const auto note = check_plugin(*ElfFile::parse(bytes), this_host());
  ASSERT_TRUE(note.ok()) << note.error().text;
  EXPECT_EQ(note->name, "test_plain");
  EXPECT_EQ(note->version, "1.2.3");
  EXPECT_EQ(note->kinds, (std::vector<std::string>{"result", "request", "loud"}));
  EXPECT_EQ(note->sanitizer, this_host().sanitizer);
}

TEST(PluginCheck, EachRefusalNamesBothValuesAndTheWayOut) {
  const std::uint16_t other = this_host().machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  const std::string own = machine_name(this_host().machine);
  struct Row {
    const char* description;
    std::string bytes;
    std::string text;  // part of it
  };
  const Row table[] = {
      {"another machine", patched_machine(other),
       "built for " + machine_name(other) + ", this host is " + own + ": rebuild it"},
      {"an executable", read_bytes(std::string(BERTH_TEST_PLUGINS_DIR) + "/test_executable"),
       "an executable, not a shared object: link it with -shared"},
      {"no entry", built("test_no_entry"),
       "it does not export berth_plugin_v0; is BERTH_PLUGIN(...) in it"},
      {"another entry", built("test_other_abi"),
       "it exports berth_plugin_v1, this host calls berth_plugin_v0; rebuild it with SDK 0.1"},
      {"no note", built("test_no_note"), "no note of the SDK (.note.berth)"},
      {"another note format", forged_note("format=1", "format=7"),
       "has format 7, this host reads format 1"},
      {"another minor", forged_note("abi=0.1", "abi=0.2"),
       "built for ABI 0.2 (SDK 0.1.0), this host has ABI 0.1: rebuild it with SDK 0.1"},
      {"another major", forged_note("abi=0.1", "abi=1.1"), "built for ABI 1.1"},
  };
  for (const Row& row : table) {
    const std::string text = refusal_of(row.bytes);
    EXPECT_NE(text.find(row.text), std::string::npos) << row.description << ": " << text;
  }
}

TEST(PluginCheck, AnotherSanitizerIsRefusedByNameAndValue) {
  HostIdentity host = this_host();
  host.sanitizer = "memory";
  EXPECT_EQ(refusal_of(built("test_plain"), host),
            "built with sanitizer " + this_host().sanitizer +
                ", this host with sanitizer memory: build both the same way");
}

TEST(PluginCheck, FromOneZeroOnAnOlderMinorIsTaken) {
  HostIdentity host = this_host();
  host.abi_major = 1;
  host.abi_minor = 2;
  EXPECT_EQ(refusal_of(forged_note("abi=0.1", "abi=1.1"), host), "");
  EXPECT_EQ(refusal_of(forged_note("abi=0.1", "abi=1.2"), host), "");
  EXPECT_NE(refusal_of(forged_note("abi=0.1", "abi=1.3"), host), "");
}

}  // namespace
}  // namespace berth::plugin
