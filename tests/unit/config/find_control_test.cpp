#include "config/find_control.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

namespace berth::config {
namespace {

using Kind = ControlSocket::Kind;

struct FindControl : ::testing::Test {
  FindControl() {
    std::string pattern = ::testing::TempDir() + "berth-find-control-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~FindControl() override { std::filesystem::remove_all(folder); }

  // Of a berth.yaml with that text.
  [[nodiscard]] base::Result<ControlSocket, Diagnostics> find(
      std::string_view text, Environment::Variables variables = {}) const {
    const std::string file = folder + "/berth.yaml";
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    return find_control(file, Environment(std::move(variables)));
  }

  std::string folder;
};

TEST_F(FindControl, TheKeyAloneCounts) {
  EXPECT_EQ(find("listen: []\n").value().kind, Kind::kDefault);
  EXPECT_EQ(find("control: off\n").value().kind, Kind::kOff);
  const auto path =
      find("nonsense: 1\nlisten: ${NOT_SET}\ncontrol: ./run/c.sock\ninclude: missing.yaml\n");
  ASSERT_TRUE(path.ok());
  EXPECT_EQ(path->kind, Kind::kPath);
  EXPECT_EQ(path->path, folder + "/run/c.sock");
  EXPECT_EQ(path->position.line, 3U);
  EXPECT_EQ(find("control: /run/b/c.sock\n").value().path, "/run/b/c.sock");
  EXPECT_EQ(find("control: ${D}/c.sock\n", {{"D", "/d"}}).value().path, "/d/c.sock");
}

TEST_F(FindControl, WhatIsWrongWithItIsSaid) {
  struct Case {
    std::string_view text;
    std::string_view says;
  };
  for (const Case& row : {
           Case{"control: [a]\n", ":1:10: error: "},
           Case{"a: 1\ncontrol: control.sock\n", ":2:10: error: \"control.sock\" is not the path"},
           Case{"control: /run/\n", ":1:10: error: "},
           Case{"control: ${NOT_SET}/c.sock\nlisten: ${NEITHER}\n", ":1:10: error: "},
           Case{"control: {\n", "error: "},
           Case{"", "error: "},
       }) {
    const auto found = find(row.text);
    ASSERT_FALSE(found.ok()) << row.text;
    const std::string text = found.error().render();
    EXPECT_NE(text.find(row.says), std::string::npos) << row.text << text;
    EXPECT_EQ(text.find("NEITHER"), std::string::npos) << text;
  }
  EXPECT_FALSE(find_control(folder + "/missing.yaml", Environment()).ok());
}

}  // namespace
}  // namespace berth::config
