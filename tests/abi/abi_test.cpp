// Plugins as files: loaded as a host loads them, through abi.h only.
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <dlfcn.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

extern "C" int layout_as_c(void);

namespace {

using berth::testing::Complaint;
using berth::testing::map;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

struct Close {
  void operator()(void* image) const noexcept { dlclose(image); }
};
using Image = std::unique_ptr<void, Close>;

// The entry of a plugin's file; the image stays loaded as long as `image`.
berth_entry_fn load(const char* file, Image& image) {
  image.reset(dlopen(file, RTLD_NOW | RTLD_LOCAL));
  if (image == nullptr) {
    ADD_FAILURE() << dlerror();
    return nullptr;
  }
  return reinterpret_cast<berth_entry_fn>(dlsym(image.get(), BERTH_ENTRY));
}

TEST(Abi, HasTellsWhetherATableIsLongEnough) { EXPECT_EQ(layout_as_c(), 1); }

TEST(Abi, TheEntryCarriesTheMajor) {
  EXPECT_EQ(std::string_view(BERTH_ENTRY), "berth_plugin_v" + std::to_string(BERTH_ABI_MAJOR));
}

// The same source against abi.h and against the copy that was frozen: what plugins out there are.
TEST(Abi, APluginInPlainCServes) {
  for (const char* file : {C_PLUGIN, FROZEN_PLUGIN}) {
    SCOPED_TRACE(file);
    Image image;
    const berth_entry_fn entry = load(file, image);
    ASSERT_NE(entry, nullptr);
    Recorder recorder(entry);
    EXPECT_FALSE(recorder.mount("hello"));
    EXPECT_EQ(recorder.complaints(),
              (std::vector<Complaint>{{"", "greeting: missing; expected a string"}}));
    EXPECT_FALSE(recorder.mount("hello", map({{"greeting", std::string(64, 'x')}})));
    EXPECT_EQ(recorder.complaints()[0].at, "greeting");
    EXPECT_FALSE(recorder.mount("other"));

    ASSERT_TRUE(recorder.mount("hello", map({{"greeting", "hello, "}})));
    const auto response = recorder.serve(RequestSpec("GET", "/").path_value("name", "bob"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello, bob");
    EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).body, "hello, C");
    EXPECT_EQ(recorder.misuse(), std::vector<std::string>{});
  }
}

// measured-traps: a unique symbol or a thread_local destructor would keep the image mapped.
TEST(Abi, APluginInCppLeavesWhenItIsClosed) {
  Image image;
  const berth_entry_fn entry = load(HELLO_PLUGIN, image);
  ASSERT_NE(entry, nullptr);
  {
    Recorder recorder(entry);
    ASSERT_TRUE(recorder.mount("hello"));
    EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).body, "hello, world\n");
  }
  image.reset();
  const Image still(dlopen(HELLO_PLUGIN, RTLD_NOW | RTLD_NOLOAD));
  EXPECT_EQ(still, nullptr);
}

}  // namespace
