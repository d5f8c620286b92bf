// A folder of files for a test, and a Recorder that serves it. Removed with it.
#pragma once

#include <berth/testing.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace static_files {

using berth::testing::list;
using berth::testing::map;
using berth::testing::Node;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

inline constexpr std::int64_t kWritten = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

// BASE/site is served; BASE/secret.txt lies outside.
struct Site : ::testing::Test {
  Site() {
    std::string name = ::testing::TempDir() + "berth-static-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    base = std::filesystem::canonical(name).string();
    root = base + "/site";
    std::filesystem::create_directory(root);
    write("../secret.txt", "secret");
    write("index.html", "<p>home</p>");
    write("a.txt", "0123456789");
    std::filesystem::create_directory(root + "/sub");
    write("sub/index.html", "<p>sub</p>");
  }
  ~Site() override {
    EXPECT_EQ(recorder.misuse(), std::vector<std::string>{});
    std::filesystem::remove_all(base);
  }

  void write(const std::string& name, std::string_view text) const {
    const std::string path = root + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    const timeval when[2] = {{kWritten, 0}, {kWritten, 0}};
    EXPECT_EQ(::utimes(path.c_str(), when), 0) << path;
  }
  void mount(Node config) {
    ASSERT_TRUE(recorder.mount("directory", std::move(config), "GET /static/{path...}"));
  }
  void mount() { mount(map({{"root", root}})); }

  // As the mux would hand it on: `name` as it stands in the target and as it is decoded.
  static RequestSpec request(std::string_view name, std::string_view decoded) {
    RequestSpec spec("GET", "/static/" + std::string(name));
    spec.path_value("path", std::string(decoded.substr(0, decoded.find('?'))));
    return spec;
  }
  static RequestSpec request(std::string_view name) { return request(name, name); }
  RecordedResponse get(std::string_view name) { return recorder.serve(request(name)); }

  std::string base;
  std::string root;
  Recorder recorder;
};

}  // namespace static_files
