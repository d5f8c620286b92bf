// The examples of docs/control-api.md are asked of a real socket: each block that is marked http
// has a question, a body or none, an empty line, the status and the answer.
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "contract/control_fixture.h"

namespace berth {
namespace {

struct ControlDocument : test::ControlFixture {};

struct Example {
  std::string method;
  std::string target;
  std::string body;
  int status = 0;
  std::string answer;
};

std::vector<Example> examples() {
  std::ifstream file(std::string(BERTH_TESTS_DIR) + "/../docs/control-api.md");
  EXPECT_TRUE(file.good());
  std::vector<Example> result;
  std::string line;
  while (std::getline(file, line)) {
    if (line != "```http") continue;
    Example& example = result.emplace_back();
    std::getline(file, line);
    std::istringstream(line) >> example.method >> example.target;
    while (std::getline(file, line) && !line.empty()) example.body += line;
    std::getline(file, line);
    example.status = std::stoi(line);
    while (std::getline(file, line) && line != "```") example.answer += line + "\n";
  }
  return result;
}

std::string without_blanks(const std::string& json) {
  std::ostringstream out;
  Poco::JSON::Stringifier::stringify(Poco::JSON::Parser().parse(json), out);
  return out.str();
}

TEST_F(ControlDocument, ItsExamplesAreWhatTheSocketAnswers) {
  start();
  const std::vector<Example> all = examples();
  EXPECT_EQ(all.size(), 7U);
  for (const Example& example : all) {
    control.set_report(example.status == 409 ? test::refused_report() : test::usual_report());
    const test::Reply reply = ask(example.method, example.target, example.body);
    EXPECT_EQ(reply.status, example.status) << example.target;
    EXPECT_EQ(without_blanks(reply.body), without_blanks(example.answer)) << example.target;
  }
}

}  // namespace
}  // namespace berth
