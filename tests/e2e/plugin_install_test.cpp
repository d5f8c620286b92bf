// `berth plugin install`: a plugin's file is put in place whole, or not at all.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "e2e/deployment.h"
#include "e2e/golden.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string release(int number) {
  return BERTH_RELEASES "/release_" + std::to_string(number) + ".so";
}

// A folder with a configuration whose plugin `app` is to be at plugins/app.so.
class PluginInstall : public testing::Test {
 protected:
  PluginInstall() {
    fs::create_directory(folder_.path() + "/plugins");
    fs::permissions(folder_.path() + "/plugins", fs::perms::owner_all);
    configure("which");
  }

  void configure(const std::string& kind) const {
    folder_.write("berth.yaml", std::string(kListen) +
                                    "plugins:\n  app: { file: ./plugins/app.so }\n"
                                    "  hello: { file: hello.so }\n"
                                    "routes:\n  - { pattern: /, handler: app." +
                                    kind + " }\n");
  }
  // A file of the folder with these bytes.
  [[nodiscard]] std::string file(const std::string& name, const std::string& bytes) const {
    return folder_.write(name, bytes);
  }
  [[nodiscard]] std::string place() const { return folder_.path() + "/plugins/app.so"; }
  [[nodiscard]] Outcome install(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"plugin", "install"});
    return berth(folder_, arguments);
  }
  // Names in the folder of plugins.
  [[nodiscard]] std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(folder_.path() + "/plugins"), {});
  }

  Folder folder_;
};

TEST_F(PluginInstall, PutsAFileWhereTheConfigurationHasIt) {
  const std::string one = file("app.so", bytes_of(release(1)));
  const Outcome first = install({one});
  EXPECT_EQ(transcript(first),
            "exit 0\nrelease_1 1.0.0 is installed as plugins/app.so\n"
            "next: berth reload -c berth.yaml (with --dry-run it only tells what would change)\n");
  EXPECT_EQ(bytes_of(place()), bytes_of(release(1)));
  struct stat status {};
  ASSERT_EQ(::stat(place().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
  const Outcome second = install({file("two.so", bytes_of(release(2))), "--as", "app"});
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_TRUE(
      second.out.starts_with("release_2 2.0.0 is installed as plugins/app.so in place of 1.0.0\n"))
      << second.out;
  EXPECT_EQ(bytes_of(place()), bytes_of(release(2)));
  EXPECT_EQ(entries(), 1);
}

TEST_F(PluginInstall, PutsAFileIntoAFolderWithoutAConfiguration) {
  const std::string one = file("app.so", bytes_of(release(1)));
  EXPECT_EQ(install({one, "--to", "plugins"}).code, 0);
  EXPECT_EQ(install({one, "--to", "plugins", "--as", "other"}).code, 0);
  EXPECT_EQ(bytes_of(folder_.path() + "/plugins/other.so"), bytes_of(release(1)));
  EXPECT_EQ(entries(), 2);
  EXPECT_EQ(install({one, "--to", "plugins", "--as", "../up"}).code, 1);
  EXPECT_EQ(install({one, "--to", "absent"}).code, 1);
  EXPECT_FALSE(fs::exists(folder_.path() + "/up.so"));
}

TEST_F(PluginInstall, AFileThatWouldNotLoadChangesNothing_F52) {
  ASSERT_EQ(install({file("app.so", bytes_of(release(1)))}).code, 0);
  const std::string half = bytes_of(release(2)).substr(0, 20'000);
  const std::string trouble = file("trouble.so", bytes_of(BERTH_TROUBLE_PLUGIN));
  struct Row {
    std::string file;
    std::string kind;
    const char* says;
  };
  for (const Row& row : {
           Row{file("half.so", half), "which", "is it still being copied?"},
           Row{file("text.so", "text"), "which", "not an ELF file"},
           Row{file("empty.so", ""), "which", "error: "},
           Row{folder_.path() + "/absent.so", "which", "No such file or directory"},
           Row{trouble, "which", "plugin \"app\" has no handler \"which\""},
           Row{trouble, "crashes", "crashed: Aborted"},
           Row{trouble, "exits", "ended itself with exit code 0"},
       }) {
    configure(row.kind);
    const Outcome outcome = install({row.file, "--as", "app"});
    EXPECT_EQ(outcome.code, 1) << row.file;
    EXPECT_NE(outcome.err.find(row.says), std::string::npos) << row.says << '\n' << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(bytes_of(place()), bytes_of(release(1))) << row.file;
    EXPECT_EQ(entries(), 1);
  }
}

TEST_F(PluginInstall, APlaceThatIsNotClearOrNotSafeIsRefused) {
  const std::string one = file("one.so", bytes_of(release(1)));
  const auto refused = [&](std::vector<std::string> arguments, const std::string& says) {
    arguments.insert(arguments.begin(), one);
    const Outcome outcome = install(arguments);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find(says), std::string::npos) << outcome.err;
    EXPECT_EQ(entries(), 0);
  };
  refused({}, "no plugin of berth.yaml has a file one.so");
  refused({"--as", "absent"}, "berth.yaml has no plugin absent");
  refused({"--as", "hello"}, "the plugin hello is one of those shipped with berth");
  fs::permissions(folder_.path() + "/plugins", fs::perms::all);
  refused({"--as", "app"}, "anybody may replace the file");
}

TEST(PluginInstallWhileServing, TheOldOneServesUntilAReload_F51) {
  Deployment deployment;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 1");
  const std::string two = release(2);
  const Outcome installed = deployment.berth({"plugin", "install", two, "--as", "app"});
  EXPECT_EQ(installed.code, 0) << installed.err;
  EXPECT_EQ(deployment.get("/which"), "release 1 of 2");
  EXPECT_EQ(deployment.berth({"reload"}).code, 0);
  EXPECT_EQ(deployment.get("/which"), "release 2 of 1");
}

}  // namespace
}  // namespace berth::e2e
