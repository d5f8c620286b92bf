#include "plugin/inspect.h"

#include <gtest/gtest.h>

#include <string>

#include "scratch_folder.h"

namespace berth::plugin {
namespace {

Inspection complete() {
  Inspection it;
  it.path = "/srv/hello.so";
  it.has_note = true;
  it.note.sdk = "0.1.0";
  it.note.abi_minor = 1;
  it.note.name = "hello";
  it.note.version = "1.2.3";
  it.note.kinds = {"hello", "body"};
  it.note.middleware = {"gate"};
  it.note.compiler = "gcc 12.2.0";
  it.note.sanitizer = "none";
  it.machine = "x86-64";
  it.size = 12345;
  it.digest = "00ff";
  it.build_id = "abcd";
  it.needed = {"libstdc++.so.6", "libc.so.6"};
  return it;
}

TEST(Inspect, ShowsOneFactALine) {
  EXPECT_EQ(to_text(complete()),
            "file        /srv/hello.so\n"
            "name        hello\n"
            "version     1.2.3\n"
            "kinds       hello, body\n"
            "middleware  gate\n"
            "abi         0.1\n"
            "sdk         0.1.0\n"
            "compiler    gcc 12.2.0\n"
            "sanitizer   none\n"
            "machine     x86-64\n"
            "size        12345 bytes\n"
            "sha256      00ff\n"
            "build-id    abcd\n"
            "needs       libstdc++.so.6, libc.so.6\n"
            "unload      nothing known keeps it in memory\n"
            "verdict     this host loads it\n");
}

TEST(Inspect, ShowsEveryReasonAgainstIt) {
  Inspection it;
  it.path = "bad\x1b.so";
  it.machine = "aarch64";
  it.unload_blockers = {"one", "two"};
  it.warnings = {"three"};
  it.refusals = {"four", "five"};
  EXPECT_EQ(to_text(it),
            "file        bad\\u{1b}.so\n"
            "machine     aarch64\n"
            "size        0 bytes\n"
            "build-id    none\n"
            "needs       nothing\n"
            "unload      one\n"
            "unload      two\n"
            "warning     three\n"
            "refused     four\n"
            "refused     five\n");
}

TEST(Inspect, IsJsonToo) {
  Inspection it = complete();
  it.path = "a\"b\\c.so";
  it.refusals = {"no"};
  EXPECT_EQ(
      to_json(it),
      "{\"file\":\"a\\\"b\\\\c.so\",\"name\":\"hello\",\"version\":\"1.2.3\","
      "\"kinds\":[\"hello\",\"body\"],\"middleware\":[\"gate\"],\"abi\":\"0.1\",\"sdk\":\"0.1.0\","
      "\"compiler\":\"gcc 12.2.0\",\"cxxabi\":\"\",\"sanitizer\":\"none\",\"glibc\":\"\","
      "\"git\":\"\",\"machine\":\"x86-64\",\"size\":12345,\"sha256\":\"00ff\","
      "\"build_id\":\"abcd\",\"needs\":[\"libstdc++.so.6\",\"libc.so.6\"],"
      "\"unload_blockers\":[],\"warnings\":[],\"loads\":false,\"refusals\":[\"no\"]}\n");
}

Inspection inspected(const ScratchFolder& scratch, const std::string& name) {
  const auto file = read_plugin_file(scratch.deploy(name), process_policy(false));
  EXPECT_TRUE(file.ok());
  auto inspection = inspect(*file, this_host(), HostLibraries({"libPocoNet.so.80"}));
  EXPECT_TRUE(inspection.ok());
  return std::move(*inspection);
}

TEST(Inspect, APluginOfThisBuildIsLoaded) {
  const ScratchFolder scratch;
  const Inspection it = inspected(scratch, "test_plain");
  EXPECT_TRUE(it.refusals.empty());
  EXPECT_TRUE(it.unload_blockers.empty());
  EXPECT_TRUE(it.has_note);
  EXPECT_EQ(it.note.name, "test_plain");
  EXPECT_EQ(it.digest.size(), 64u);
}

TEST(Inspect, RunsNoneOfThePluginsCode) {
  const ScratchFolder scratch;
  const Inspection it = inspected(scratch, "test_constructor_throws");
  EXPECT_TRUE(it.refusals.empty());
  EXPECT_EQ(it.note.kinds, (std::vector<std::string>{"nothing"}));
}

TEST(Inspect, TellsWhyNot) {
  const ScratchFolder scratch;
  struct Row {
    const char* plugin;
    std::size_t refusals;
    std::size_t blockers;
  };
  const Row table[] = {
      {"test_no_note", 1, 0},    {"test_no_entry", 1, 0},      {"test_other_poco", 1, 0},
      {"test_no_delete", 0, 0},  {"test_unique_symbol", 0, 0}, {"test_thread_local", 0, 0},
      {"test_static_tls", 0, 1},
  };
  for (const Row& row : table) {
    const Inspection it = inspected(scratch, row.plugin);
    EXPECT_EQ(it.refusals.size(), row.refusals) << to_text(it);
    EXPECT_EQ(it.unload_blockers.size(), row.blockers) << to_text(it);
  }
}

TEST(Inspect, WhatIsNoElfFileHasNothingToTell) {
  PluginFile file;
  file.bytes = "<html>";
  const auto inspection = inspect(file, this_host(), HostLibraries({}));
  ASSERT_FALSE(inspection.ok());
  EXPECT_NE(inspection.error().text.find("not an ELF file"), std::string::npos);
}

}  // namespace
}  // namespace berth::plugin
