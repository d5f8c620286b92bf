#include "config/load.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/limits.h"
#include "config/read_file.h"

namespace berth::config {
namespace {

constexpr const char* kSmallest = "listen: [{ name: a, address: ':0' }]\nroutes: []\n";

class LoadFile : public testing::Test {
 protected:
  LoadFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "berth-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LoadFile() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& text, mode_t mode = 0644) {
    const std::string file = path("berth.yaml");
    std::ofstream(file, std::ios::binary) << text;
    ::chmod(file.c_str(), mode);
    return file;
  }
  // The one finding without the path in front of it.
  std::string only(const std::string& file) {
    const Loaded loaded = load_file(file, Environment());
    EXPECT_FALSE(loaded.configuration.has_value());
    if (loaded.diagnostics.all().size() != 1) return loaded.diagnostics.render();
    EXPECT_EQ(loaded.diagnostics.all()[0].position, (base::SourcePosition{file, 0, 0}));
    return loaded.diagnostics.all()[0].what;
  }

  std::string folder_;
};

TEST_F(LoadFile, AFileIsLoadedAndItsFolderIsWhatPathsAreRelativeTo) {
  const Loaded loaded = load_file(write("listen: [{ name: a, address: ':0' }]\n"
                                        "plugins: { p: { file: ./p.so }, q: { file: q.so } }\n"
                                        "log: { access: logs/../access.log }\n"
                                        "routes:\n"
                                        "  - { pattern: /, handler: p }\n"
                                        "  - { pattern: /q, handler: q }\n"),
                                  Environment());
  ASSERT_TRUE(loaded.configuration.has_value()) << loaded.diagnostics.render();
  EXPECT_EQ(loaded.configuration->folder, folder_);
  EXPECT_EQ(loaded.configuration->find_plugin("p")->file, path("p.so"));
  EXPECT_EQ(loaded.configuration->find_plugin("q")->file, "q.so");
  EXPECT_EQ(loaded.configuration->find_plugin("r"), nullptr);
  EXPECT_EQ(loaded.configuration->log.access.path, path("access.log"));
}

TEST_F(LoadFile, WhatCannotBeReadIsNamed) {
  EXPECT_EQ(only(path("absent.yaml")), "cannot open: No such file or directory");
  EXPECT_EQ(only(folder_), "this is not a regular file");
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(only(path("fifo")), "this is not a regular file");  // and does not wait for a writer
  EXPECT_EQ(only("/dev/null"), "this is not a regular file");
}

TEST_F(LoadFile, AFileOverTheCapIsRefused) {
  EXPECT_EQ(only(write(std::string(base::limits::kConfigFile + 1, '#'))),
            "the file is larger than 4 MiB");
}

TEST_F(LoadFile, AFileThatEverybodyMayWriteIsRefused) {
  EXPECT_EQ(only(write(kSmallest, 0666)), "everybody may write the file");
}

TEST_F(LoadFile, AFileThatChangesWhileItIsReadIsRefused) {
  const std::string file = write(kSmallest);
  const auto append = [&file] { std::ofstream(file, std::ios::app) << "# more\n"; };
  const auto bytes = read_file(file, append);
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().what, "the file changed while it was read");
}

// Calls `write` from another thread until it is destroyed.
class Writer {
 public:
  explicit Writer(std::function<void(char)> write)
      : thread_([write = std::move(write)](const std::stop_token& stop) {
          for (bool first = true; !stop.stop_requested(); first = !first) write(first ? 'a' : 'b');
        }) {}

 private:
  std::jthread thread_;
};

TEST_F(LoadFile, AFileThatIsOverwrittenAllTheTimeIsReadWholeOrNotAtAll_F49) {
  constexpr std::size_t kSize = 256 * base::limits::kKiB;
  const std::string file = write(std::string(kSize, 'a'));
  const base::Descriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  const Writer writer([&out](char letter) {
    const std::string text(kSize, letter);
    EXPECT_EQ(::pwrite(out.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  });
  for (int i = 0; i < 20; ++i) {
    const auto bytes = read_file(file);
    if (!bytes) {
      EXPECT_EQ(bytes.error().what, "the file changed while it was read");
      continue;
    }
    EXPECT_EQ(bytes->text, std::string(kSize, bytes->text.front())) << "half of it is another's";
  }
}

TEST_F(LoadFile, AFileThatIsReplacedAllTheTimeIsReadWholeEveryTime_F49) {
  const std::string file = write("a");
  const Writer writer([&file](char letter) {
    const std::string aside = file + ".new";
    std::ofstream(aside, std::ios::binary) << std::string(1000, letter);
    ::chmod(aside.c_str(), 0644);
    EXPECT_EQ(::rename(aside.c_str(), file.c_str()), 0);
  });
  for (int i = 0; i < 100; ++i) {
    const auto bytes = read_file(file);
    ASSERT_TRUE(bytes.ok()) << bytes.error().what;
    EXPECT_EQ(bytes->text, std::string(bytes->text.size(), bytes->text.front()));
  }
}

TEST_F(LoadFile, AFileThatIsReplacedByRenameIsReadAsItWas) {
  const std::string file = write(kSmallest);
  // The old file has lost its name, which its ctime shows; what was read is whole all the same.
  const auto replace = [this, &file] {
    std::ofstream(path("new")) << "# new\n";
    std::filesystem::rename(path("new"), file);
  };
  const auto bytes = read_file(file, replace);
  ASSERT_TRUE(bytes.ok()) << bytes.error().what;
  EXPECT_EQ(bytes->text, kSmallest);
}

TEST(ConfigOwner, WhoeverMayWriteTheFileIsTrustedWithWhatRuns) {
  constexpr uid_t kRoot = 0;
  constexpr uid_t kUser = 1000;
  constexpr uid_t kOther = 1001;
  enum Outcome { kAccepted, kWarned, kRefused };
  const struct {
    uid_t owner;
    mode_t mode;
    uid_t user;
    Outcome expected;
  } rows[] = {
      {kRoot, 0644, kRoot, kAccepted}, {kRoot, 0644, kUser, kAccepted},
      {kUser, 0600, kUser, kAccepted}, {kOther, 0644, kUser, kRefused},
      {kUser, 0644, kRoot, kRefused},  {kUser, 0664, kUser, kWarned},
      {kRoot, 0664, kUser, kWarned},   {kRoot, 0664, kRoot, kRefused},
      {kUser, 0646, kUser, kRefused},  {kRoot, 0666, kRoot, kRefused},
  };
  for (const auto& row : rows) {
    std::vector<Diagnostic> warnings;
    const auto status = check_owner("b.yaml", row.owner, row.mode, row.user, warnings);
    EXPECT_EQ(status.ok(), row.expected != kRefused) << row.owner << ' ' << row.mode;
    EXPECT_EQ(warnings.size(), row.expected == kWarned ? 1U : 0U) << row.owner << ' ' << row.mode;
  }
}

TEST(FindFile, TheFirstPlaceThatIsNamedOrExistsIsTaken) {
  const auto none = [](const std::string&) { return false; };
  const auto all = [](const std::string&) { return true; };
  const auto etc = [](const std::string& path) { return path == "/etc/berth/berth.yaml"; };
  EXPECT_EQ(*find_file({"a.yaml", "b.yaml", all}), "a.yaml");
  EXPECT_EQ(*find_file({"a.yaml", {}, none}), "a.yaml");
  EXPECT_EQ(*find_file({{}, "b.yaml", none}), "b.yaml");
  EXPECT_EQ(*find_file({{}, {}, all}), "berth.yaml");
  EXPECT_EQ(*find_file({{}, "", etc}), "/etc/berth/berth.yaml");
  const auto missing = find_file({{}, {}, none});
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().text,
            "no configuration: no -c FILE, no $BERTH_CONFIG, no ./berth.yaml and no "
            "/etc/berth/berth.yaml");
}

TEST(ResolvePath, PathsAreRelativeToTheConfigurationAndBareNamesStayBare) {
  EXPECT_EQ(resolve_path("conf", "hello.so"), "hello.so");
  EXPECT_EQ(resolve_path("conf", "./hello.so"), "conf/hello.so");
  EXPECT_EQ(resolve_path("/etc/berth", "../lib/a.so"), "/etc/lib/a.so");
  EXPECT_EQ(resolve_path("conf", "/a/../b.so"), "/a/../b.so");
  EXPECT_EQ(resolve_path(".", "./hello.so"), "./hello.so");  // must not become a bare name
  EXPECT_EQ(folder_of("berth.yaml"), ".");
  EXPECT_EQ(folder_of("conf/berth.yaml"), "conf");
  EXPECT_EQ(folder_of("/berth.yaml"), "/");
}

TEST(LoadText, AByteOrderMarkShiftsNoPosition) {
  const Loaded loaded = load_text("b.yaml", "\xEF\xBB\xBFlistn: 1\n");
  ASSERT_EQ(loaded.diagnostics.all().size(), 1U);
  EXPECT_EQ(loaded.diagnostics.all()[0].position, (base::SourcePosition{"b.yaml", 1, 1}));
}

}  // namespace
}  // namespace berth::config
