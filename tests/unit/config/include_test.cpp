#include "config/include.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/limits.h"
#include "config/disk_files.h"
#include "config/load.h"
#include "support/memory_files.h"

namespace berth::config {
namespace {

using Files = std::map<std::string, std::string>;

const std::string kListen = "listen: [{ name: a, address: ':0' }]\n";

Loaded load_memory(Files files) {
  test::MemoryFiles provider(std::move(files));
  return load("etc/berth.yaml", provider, Environment(Environment::Variables{{"DIR", "conf.d"}}));
}

// All findings, "POSITION: WHAT / HELP".
std::string findings(const Files& files) {
  const Loaded loaded = load_memory(files);
  std::string all;
  for (const Diagnostic& found : loaded.diagnostics.all()) {
    all += found.position.text() + ": " + found.what;
    if (!found.help.empty()) all += " / " + found.help;
    all += '\n';
  }
  EXPECT_EQ(loaded.configuration.has_value(), loaded.diagnostics.errors() == 0);
  return all;
}

TEST(Include, FilesAddUpInOrder) {
  const Loaded loaded = load_memory(
      {{"etc/berth.yaml",
        "include: [ \"${DIR}/*.yaml\", ../more.yaml ]\n" + kListen +
            "routes: [{ pattern: /0, handler: p }]\ntimeouts: { idle: 1s }\nx-own: 1\n"},
       {"etc/conf.d/b.yaml", "routes: [{ pattern: /b, handler: p }]\nlimits: { threads: 3 }\n"},
       {"etc/conf.d/a.yaml",
        "routes:\n  - { pattern: /a, handler: p }\ninclude: deep/*\ntimeouts: { header: 2s }\n"},
       {"etc/conf.d/.hidden.yaml", "nonsense: 1\n"},
       {"etc/conf.d/deep/x", "plugins: { p: { file: ./p.so } }\nx-own: 2\n"},
       {"etc/conf.d/nothing.yaml", "# all commented out\n"},
       {"etc/conf.d/null.yaml", "---\n"},
       {"more.yaml", "listen: [{ name: b, unix: ./b.sock }]\nlog: { access: ./a.log }\n"}});
  ASSERT_TRUE(loaded.configuration.has_value()) << loaded.diagnostics.render();
  const Configuration& configuration = *loaded.configuration;
  ASSERT_EQ(configuration.routes.size(), 3U);
  EXPECT_EQ(configuration.routes[0].pattern, "/0");
  EXPECT_EQ(configuration.routes[1].pattern, "/a");
  EXPECT_EQ(configuration.routes[2].pattern, "/b");
  EXPECT_EQ(configuration.routes[2].position.text(), "etc/conf.d/b.yaml:1:10");
  EXPECT_EQ(configuration.timeouts.idle, std::chrono::seconds(1));
  EXPECT_EQ(configuration.timeouts.header, std::chrono::seconds(2));
  EXPECT_EQ(configuration.limits.threads, 3U);
  // Paths are relative to the file they stand in.
  EXPECT_EQ(configuration.plugins.at(0).file, "etc/conf.d/deep/p.so");
  EXPECT_EQ(configuration.listeners.at(1).unix_path, "./b.sock");
  EXPECT_EQ(configuration.log.access.path, "./a.log");
  EXPECT_EQ(configuration.folder, "etc");
}

TEST(Include, AnErrorKeepsItsFileAndLine) {
  const Loaded loaded = load_memory(
      {{"etc/berth.yaml", "include: a.yaml\n" + kListen + "limits: { threads: x }\n"},
       {"etc/a.yaml", "timeouts:\n  idel: 1s\nroutes:\n  - { pattern: /, handler: nobody }\n"}});
  EXPECT_EQ(loaded.diagnostics.render(),
            "etc/berth.yaml:3:20: error: \"x\" is not a whole number\n"
            "    limits: { threads: x }\n"
            "                       ^\n"
            "help: write decimal digits, such as 100\n"
            "etc/a.yaml:2:3: error: unknown key \"idel\" (did you mean \"idle\"?)\n"
            "      idel: 1s\n"
            "      ^\n"
            "etc/a.yaml:4:28: error: no plugin is named \"nobody\"\n"
            "      - { pattern: /, handler: nobody }\n"
            "                               ^\n"
            "help: name it under `plugins`: nobody: { file: nobody.so }\n");
}

TEST(Include, APatternMayMatchNothingAndAPathHasToBeThere) {
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: [ conf.d/*.yaml, 'x?', '[a]' ]\n"}}),
            "etc/berth.yaml: there are no routes: every request gets 404\n");
  EXPECT_EQ(
      findings({{"etc/berth.yaml", kListen + "include: [ '*', conf.d/a.yaml ]\n"},
                {"etc/conf.d/b.yaml", "unknown: 1\n"}}),
      "etc/berth.yaml:2:12: \"etc/berth.yaml\" includes itself / leave it out, or choose a "
      "pattern that does not match it\n"
      "etc/berth.yaml:2:17: cannot include \"etc/conf.d/a.yaml\": cannot open: no such file\n");
}

TEST(Include, ACircleIsRefusedWithTheWayRound) {
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: a.yaml\n"},
                      {"etc/a.yaml", "include: [ sub/b.yaml ]\n"},
                      {"etc/sub/b.yaml", "\ninclude: ../a.yaml\n"}}),
            "etc/sub/b.yaml:2:10: \"etc/a.yaml\" includes itself / etc/a.yaml includes "
            "etc/sub/b.yaml at etc/a.yaml:1:12\nleave one of them out\n");
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: berth.yaml\n"}}),
            "etc/berth.yaml:2:10: \"etc/berth.yaml\" includes itself / leave it out, or choose a "
            "pattern that does not match it\n");
}

TEST(Include, WhatTwoFilesHaveIsRefusedWithBothPlaces) {
  EXPECT_EQ(findings({{"etc/berth.yaml",
                       "include: [ a.yaml, '[ab].yaml' ]\n" + kListen +
                           "plugins: { p: { file: p.so } }\nplugin_permissions: strict\n"
                           "routes: [{ pattern: /, handler: p }]\ntimeouts: { idle: 1s }\n"},
                      {"etc/a.yaml",
                       "plugins: { p: { file: q.so } }\ntimeouts: { header: 1s, idle: 2s }\n"
                       "plugin_permissions: strict\nlisten: [{ name: a, address: ':0' }]\n"}}),
            "etc/berth.yaml:1:20: \"etc/a.yaml\" is included twice / it is included first at "
            "etc/berth.yaml:1:12\n");
  EXPECT_EQ(findings({{"etc/berth.yaml",
                       "include: a.yaml\n" + kListen +
                           "plugins: { p: { file: p.so } }\nplugin_permissions: strict\n"
                           "routes: [{ pattern: /, handler: p }]\ntimeouts: { idle: 1s }\n"},
                      {"etc/a.yaml",
                       "plugins: { p: { file: q.so } }\ntimeouts: { header: 1s, idle: 2s }\n"
                       "plugin_permissions: strict\nlisten: [{ name: a, address: ':0' }]\n"}}),
            "etc/a.yaml:1:12: duplicate key \"p\" / it stands first at etc/berth.yaml:3:12\n"
            "etc/a.yaml:2:25: duplicate key \"idle\" / it stands first at etc/berth.yaml:6:13\n"
            "etc/a.yaml:3:1: duplicate key \"plugin_permissions\" / it stands first at "
            "etc/berth.yaml:4:1\n"
            "etc/a.yaml:4:18: two listeners have the name \"a\" / the first is at "
            "etc/berth.yaml:2:18\n");
}

TEST(Include, WhatIsNoConfigurationIsRefused) {
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: { a: b }\n"}}),
            "etc/berth.yaml:2:10: `include` has to be a path or a list of paths, this is a map / "
            "write include: conf.d/*.yaml\n");
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: [ [a], '' ]\n"}}),
            "etc/berth.yaml:2:12: expected text, got a list\n"
            "etc/berth.yaml:2:17: `include` is empty\n");
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: [ \"${NO}\" ]\n"}}),
            "etc/berth.yaml:2:13: the environment has no variable NO / set it, or write "
            "${NO:-default}\n");
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: a.yaml\nroutes: nonsense\n"},
                      {"etc/a.yaml", "- a list\n"}}),
            "etc/a.yaml:1:1: an included file has to be a map, this is a list / it has the same "
            "keys as the file that includes it\n");
  // Where a file cannot be read its absence is not reported a second time.
  EXPECT_EQ(findings({{"etc/berth.yaml",
                       kListen + "include: a.yaml\nroutes: [{ pattern: /, handler: p }]\n"},
                      {"etc/a.yaml", "plugins: { p: { file: p.so }\n"}}),
            "etc/a.yaml:1:10: this bracket is never closed\n");
  EXPECT_EQ(findings({{"etc/berth.yaml", kListen + "include: a.yaml\nroutes: []\n"},
                      {"etc/a.yaml", "routes: { a: b }\nlimits: [x]\n"}}),
            "etc/a.yaml:1:9: `routes` has to be a list, this is a map\n"
            "etc/a.yaml:2:9: `limits` has to be a map, this is a list / `limits` has the keys "
            "header_block, header_fields, target, chunk_line, chunk_excess, body, body_rate, "
            "unread_body, unsent, read_buffer, connections, threads, client_waits, buffered\n");
}

TEST(Include, DepthCountAndBytesAreBounded) {
  Files deep{{"etc/berth.yaml", kListen + "include: 0\n"}};
  for (std::size_t i = 0; i < 20; ++i) {
    deep["etc/" + std::to_string(i)] = "include: " + std::to_string(i + 1) + "\n";
  }
  EXPECT_EQ(findings(deep), "etc/7:1:10: includes are nested deeper than 8\n");

  Files many{{"etc/berth.yaml", kListen + "include: d/*\n"}};
  for (std::size_t i = 0; i <= base::limits::kConfigIncludes; ++i) {
    many["etc/d/" + std::to_string(i)] = "x-a: 1\n";
  }
  EXPECT_EQ(findings(many), "etc/berth.yaml:2:10: more than 256 files are included\n");
  many.erase("etc/d/0");
  EXPECT_EQ(findings(many), "etc/berth.yaml: there are no routes: every request gets 404\n");

  const std::string half = "#" + std::string(base::limits::kConfigFile / 2, 'x') + "\nx-a: 1\n";
  EXPECT_EQ(
      findings(
          {{"etc/berth.yaml", kListen + "include: d/*\n"}, {"etc/d/a", half}, {"etc/d/b", half}}),
      "etc/berth.yaml:2:10: all files together are larger than 4 MiB\n");
}

class DiskInclude : public testing::Test {
 protected:
  DiskInclude() {
    // Brackets: the folder is no pattern.
    std::string pattern = (std::filesystem::temp_directory_path() / "berth-[x]-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directory(folder_ + "/conf.d");
  }
  ~DiskInclude() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::string folder_;
};

TEST_F(DiskInclude, FilesAreFoundSortedAndMayBeOfAnyFolder) {
  const std::string main = write("berth.yaml", kListen +
                                                   "include: conf.d/*.yaml\n"
                                                   "plugins: { p: { file: p.so } }\n");
  for (const std::string name : {"10", "9", "b", "A"}) {
    write("conf.d/" + name + ".yaml", "routes: [{ pattern: /" + name + ", handler: p }]\n");
  }
  const Loaded loaded = load_file(main, Environment());
  ASSERT_TRUE(loaded.configuration.has_value()) << loaded.diagnostics.render();
  std::string order;
  for (const Route& route : loaded.configuration->routes) order += route.pattern;
  EXPECT_EQ(order, "/10/9/A/b");
  EXPECT_EQ(loaded.configuration->routes[0].position.file, folder_ + "/conf.d/10.yaml");
  write("berth.yaml", kListen + "include: nowhere/*.yaml\n");
  EXPECT_TRUE(load_file(main, Environment()).configuration.has_value());
}

TEST_F(DiskInclude, TwoNamesOfOneFileAreThatFile) {
  const std::string main =
      write("berth.yaml", kListen + "include: [ conf.d/a.yaml, conf.d/b.yaml ]\n");
  write("conf.d/a.yaml", "x-a: 1\n");
  std::filesystem::create_symlink("a.yaml", folder_ + "/conf.d/b.yaml");
  const Loaded loaded = load_file(main, Environment());
  ASSERT_EQ(loaded.diagnostics.all().size(), 1U) << loaded.diagnostics.render();
  EXPECT_TRUE(loaded.diagnostics.all()[0].what.ends_with("conf.d/b.yaml\" is included twice"));
}

TEST_F(DiskInclude, AnIncludedFileHasToBeTrustworthyToo) {
  const std::string main = write("berth.yaml", kListen + "include: conf.d/*\n");
  write("conf.d/a.yaml", "x-a: 1\n", 0666);
  std::filesystem::create_directory(folder_ + "/conf.d/b");
  const Loaded loaded = load_file(main, Environment());
  ASSERT_EQ(loaded.diagnostics.all().size(), 2U) << loaded.diagnostics.render();
  EXPECT_TRUE(loaded.diagnostics.all()[0].what.ends_with("everybody may write the file"));
  EXPECT_TRUE(loaded.diagnostics.all()[1].what.ends_with("this is not a regular file"));
  EXPECT_EQ(loaded.diagnostics.all()[0].position.text(), main + ":2:10");
}

}  // namespace
}  // namespace berth::config
