// Whole files and everything that is said about them: tests/golden/config. To rewrite the expected
// files after a deliberate change: BERTH_UPDATE_GOLDEN=1 unit_config, then read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "config/dump.h"
#include "config/load.h"

namespace berth::config {
namespace {

using Path = std::filesystem::path;

const Path kGolden = Path(BERTH_TESTS_DIR) / "golden" / "config";

std::string read(const Path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Path> inputs(const char* folder) {
  std::vector<Path> found;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden / folder)) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

void compare(const Path& input, const std::string& actual) {
  const Path expected = Path(input).replace_extension(".expected");
  if (std::getenv("BERTH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(expected, std::ios::binary) << actual;
  }
  EXPECT_EQ(read(expected), actual) << input;
}

TEST(ConfigGolden, EachBadFileIsRefusedWithAllThatIsWrongAtOnce) {
  const std::vector<Path> files = inputs("bad");
  ASSERT_GE(files.size(), 100U);  // tests/schema asks the schema for each, too
  for (const Path& file : files) {
    const Loaded loaded = load_text(file.filename().string(), read(file));
    EXPECT_FALSE(loaded.configuration.has_value()) << file;
    compare(file, loaded.diagnostics.render());
  }
}

TEST(ConfigGolden, EachGoodFileMeansWhatItsDumpSays) {
  const std::vector<Path> files = inputs("good");
  ASSERT_GE(files.size(), 8U);
  for (const Path& file : files) {
    const Loaded loaded = load_text(file.filename().string(), read(file));
    ASSERT_TRUE(loaded.configuration.has_value()) << file << '\n' << loaded.diagnostics.render();
    compare(file, loaded.diagnostics.render() + dump(*loaded.configuration));
  }
}

TEST(ConfigGolden, ADumpLoadsAsTheSameConfiguration) {
  for (const Path& file : inputs("good")) {
    const std::string name = file.filename().string();
    const Loaded loaded = load_text(name, read(file));
    ASSERT_TRUE(loaded.configuration.has_value()) << file;
    const std::string dumped = dump(*loaded.configuration);
    const Loaded again = load_text(name, dumped);
    ASSERT_TRUE(again.configuration.has_value()) << again.diagnostics.render();
    EXPECT_EQ(dump(*again.configuration), dumped);
  }
}

}  // namespace
}  // namespace berth::config
