// Comparison of a text with a file in tests/golden. To rewrite the files after a deliberate change:
// BERTH_UPDATE_GOLDEN=1, then read the diff.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace berth::test {

// Fails the test unless `actual` is what tests/golden/<name> holds. `root`: BERTH_TESTS_DIR.
inline void expect_golden(const std::string& root, const std::string& name,
                          const std::string& actual) {
  const std::string path = root + "/golden/" + name;
  if (std::getenv("BERTH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
  }
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), actual) << path;
}

}  // namespace berth::test
