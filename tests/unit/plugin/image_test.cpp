#include "plugin/image.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "leaks_allowed.h"
#include "plugin/host_libraries.h"
#include "plugin/mapped_file.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

class ImageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = PrivateFolder::create(scratch_.path("state"));
    ASSERT_TRUE(folder.ok()) << folder.error().text;
    folder_ = std::move(*folder);
    context_ = std::make_unique<LoadContext>(LoadContext{*folder_});
  }

  base::Result<std::unique_ptr<Image>> load(const std::string& path) {
    const auto file = read_plugin_file(path, process_policy(false));
    if (!file) return base::fail(file.error());
    return Image::load(*file, *context_);
  }
  base::Result<std::unique_ptr<Image>> load_built(const std::string& name) {
    return load(scratch_.deploy(name));
  }

  ScratchFolder scratch_;
  std::unique_ptr<PrivateFolder> folder_;
  std::unique_ptr<LoadContext> context_;
};

TEST_F(ImageTest, LoadsAPrivateCopyAndNeverTheDeployedFile) {
  const std::string deployed = scratch_.deploy("test_plain");
  auto image = load(deployed);
  ASSERT_TRUE(image.ok()) << image.error().text;
  EXPECT_TRUE(is_loaded((*image)->path()));
  EXPECT_FALSE(is_loaded(deployed));
  EXPECT_EQ((*image)->kinds(), (std::vector<std::string>{"result", "request", "loud"}));
  EXPECT_EQ((*image)->note().version, "1.2.3");
  EXPECT_EQ((*image)->build_id().size(), 40u);
  EXPECT_NE((*image)->path().find((*image)->digest().substr(0, 12)), std::string::npos);
}

TEST_F(ImageTest, IsFoundByItsCodeWithoutALock) {
  const auto file = read_plugin_file(scratch_.deploy("test_plain"), process_policy(false));
  ASSERT_TRUE(file.ok());
  auto image = Image::load(*file, *context_, {.alias = "shop", .generation = 7});
  ASSERT_TRUE(image.ok()) << image.error().text;
  const void* const code = reinterpret_cast<const void*>((*image)->table().make);
  const ImageUse* const found = ImageUse::peek(code);
  ASSERT_EQ(found, &(*image)->use());
  EXPECT_EQ(found->name().alias, "shop");
  EXPECT_EQ(found->name().version, "1.2.3");
  EXPECT_EQ(found->name().build_id, (*image)->build_id());
  EXPECT_EQ(found->name().generation, 7U);
  EXPECT_EQ(ImageUse::peek(reinterpret_cast<const void*>(&read_plugin_file)), nullptr);
  EXPECT_EQ(ImageUse::peek(nullptr), nullptr);
  EXPECT_TRUE((*image)->unload().left);
  EXPECT_EQ(ImageUse::peek(code), nullptr);
}

TEST(ImageUse, FoundWithoutALockStaysWhileSomebodyPeeks) {
  const void* const code = stdout;  // of a library, which stays
  std::shared_ptr<ImageUse> use =
      ImageUse::make(std::string(file_at(code).path), {.alias = "shop"});
  const std::weak_ptr<ImageUse> watch = use;
  {
    const ImageUse::Peeking peeking;
    const ImageUse* const found = ImageUse::peek(code);
    ASSERT_EQ(found, use.get());
    std::exchange(use, nullptr)->forget();
    EXPECT_EQ(ImageUse::peek(code), nullptr);
    EXPECT_EQ(found->name().alias, "shop");
    EXPECT_FALSE(watch.expired());
  }
  ImageUse::make("/another")->forget();
  EXPECT_TRUE(watch.expired());
}

TEST_F(ImageTest, LeavesTheProcessAndTheDisk) {
  auto image = load_built("test_plain");
  ASSERT_TRUE(image.ok()) << image.error().text;
  const std::string path = (*image)->path();
  const UnloadResult result = (*image)->unload();
  EXPECT_TRUE(result.left) << result.why();
  EXPECT_EQ(result.why(), "");
  EXPECT_FALSE(is_loaded(path));
  image->reset();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(ImageTest, TheSamePathTwiceIsTwoImages) {
  const std::string deployed = scratch_.deploy("test_plain");
  auto first = load(deployed);
  auto second = load(deployed);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(&(*first)->table(), &(*second)->table());
}

TEST_F(ImageTest, OverwritingTheDeployedFileInPlaceTouchesNothingThatRuns) {
  const std::string deployed = scratch_.deploy("test_plain");
  auto image = load(deployed);
  ASSERT_TRUE(image.ok()) << image.error().text;
  write_bytes(deployed, "garbage");
  EXPECT_STREQ((*image)->table().name, "test_plain");
  EXPECT_NE((*image)->table().kind(0), nullptr);
  EXPECT_TRUE((*image)->unload().left);
}

TEST_F(ImageTest, AStaticRuntimeAndTheHostsPocoNetLoad) {
  const LeaksAllowed static_runtime;
  for (const char* name : {"test_static_runtime", "test_poco_net"}) {
    auto image = load_built(name);
    ASSERT_TRUE(image.ok()) << name << ": " << image.error().text;
  }
}

TEST_F(ImageTest, EachRefusalNamesWhatIsWrong_F53) {
  struct Row {
    const char* plugin;
    base::ErrorCode code;
    const char* text;  // part of it
  };
  using base::ErrorCode;
  const Row table[] = {
      {"test_no_entry", ErrorCode::kNotFound, "it does not export berth_plugin_v0"},
      {"test_other_abi", ErrorCode::kIncompatible, "it exports berth_plugin_v1"},
      {"test_no_note", ErrorCode::kNotFound, "no note of the SDK"},
      {"test_undefined_symbol", ErrorCode::kNotFound, "undefined symbol not_there_anywhere"},
      {"test_absent", ErrorCode::kNotFound, "it needs libberth_test_absent.so.1"},
      {"test_no_table", ErrorCode::kIncompatible, "berth_plugin_v0() returned no table"},
      {"test_small_table", ErrorCode::kIncompatible, "its table has 16 bytes, that of ABI 0.1"},
      {"test_other_name", ErrorCode::kIncompatible,
       "its note has the name \"test_other_name\", its table \"somebody_else\""},
  };
  for (const Row& row : table) {
    const auto image = load_built(row.plugin);
    ASSERT_FALSE(image.ok()) << row.plugin;
    EXPECT_EQ(image.error().code, row.code) << image.error().text;
    EXPECT_NE(image.error().text.find(row.text), std::string::npos) << image.error().text;
    EXPECT_EQ(image.error().text.find(folder_->path()), std::string::npos) << image.error().text;
  }
}

TEST_F(ImageTest, ALibraryThatClashesWithTheHostsIsRefusedBeforeItIsMapped) {
  context_->libraries = HostLibraries({"libPocoNet.so.80"});
  const auto image = load_built("test_other_poco");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, base::ErrorCode::kIncompatible);
  EXPECT_NE(
      image.error().text.find("it needs libPocoNet.so.1, but this host uses libPocoNet.so.80"),
      std::string::npos)
      << image.error().text;
}

TEST_F(ImageTest, AFileAnybodyMayWriteIsNotLoaded) {
  const std::string deployed = scratch_.deploy("test_plain");
  ASSERT_EQ(chmod(deployed.c_str(), 0666), 0);
  const auto image = load(deployed);
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, base::ErrorCode::kPermission);
}

// In a process of its own: the dynamic loader stays locked behind it.
TEST_F(ImageTest, AThrowingConstructorIsContainedAndToldAndItsChangesPutBack) {
  const std::string deployed = scratch_.deploy("test_constructor_throws");
  EXPECT_EXIT(
      {
        const mode_t mask = umask(022);
        const auto image = load(deployed);
        fputs(image.ok() ? "loaded" : image.error().text.c_str(), stderr);
        _exit(image.ok() || umask(mask) != 022 ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "a global constructor of the plugin threw: no database");
}

}  // namespace
}  // namespace berth::plugin
