#include "e2e/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace berth::e2e {

namespace {

std::string path_of(const std::string& name) {
  return std::string(BERTH_TESTS_DIR) + "/golden/cli/" + name;
}

}  // namespace

std::string golden_file(const std::string& name) {
  std::ifstream file(path_of(name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

void expect_golden(const std::string& name, const std::string& actual) {
  if (std::getenv("BERTH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path_of(name), std::ios::binary) << actual;
  }
  EXPECT_EQ(golden_file(name), actual) << name;
}

std::string transcript(const Outcome& outcome) {
  return "exit " + std::to_string(outcome.code) + "\n" + outcome.out + outcome.err;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

}  // namespace berth::e2e
