// A folder of one test, removed with it, and the plugins built for these tests. No server.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace berth::plugin {

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, std::string_view bytes, mode_t mode = 0644) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_EQ(chmod(path.c_str(), mode), 0);
}

// The bytes of a plugin of bad/ or good/.
inline std::string built(const std::string& name) {
  return read_bytes(std::string(BERTH_TEST_PLUGINS_DIR) + "/" + name + ".so");
}

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = ::testing::TempDir() + "berth-plugin-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = std::filesystem::canonical(name).string();
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

  // A copy of a built plugin that passes every permission check, whatever the umask of the build.
  [[nodiscard]] std::string deploy(const std::string& name) const {
    std::string target = path(name + ".so");
    write_bytes(target, built(name));
    return target;
  }

 private:
  std::string path_;
};

}  // namespace berth::plugin
