// However a client's bytes come, the replies are the same bytes: every input of the corpora that is
// HTTP/1, in one piece and cut in two at every byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/serve/reply_judge.h"
#include "fuzz/serve/scripted_server.h"

namespace berth::fuzz {
namespace {

// Longer inputs, a few golden files that are long because of one field, are cut at their ends, at
// each end of a line and at some places between: all cuts would take the square of their size.
constexpr std::size_t kCutEverywhere = 4096;
constexpr std::size_t kEnds = 128;

struct Input {
  std::string name;
  std::string bytes;
  std::size_t first_cut = 1;  // what stands before is the same in all inputs
};

std::vector<Input> inputs_of(const std::filesystem::path& folder, std::string_view extension,
                             std::string_view before, std::size_t control_bytes) {
  std::vector<Input> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!extension.empty() && entry.path().extension() != extension) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    bytes.replace(0, control_bytes, before);
    inputs.push_back({entry.path().filename(), std::move(bytes), before.size() + 1});
  }
  std::sort(inputs.begin(), inputs.end(),
            [](const Input& a, const Input& b) { return a.name < b.name; });
  return inputs;
}

std::vector<std::size_t> cuts_of(const Input& input) {
  const std::string_view bytes = input.bytes;
  std::vector<std::size_t> cuts;
  for (std::size_t at = input.first_cut; at < bytes.size(); ++at) {
    const bool structure = bytes[at] == '\r' || bytes[at] == '\n' || bytes[at - 1] == '\n';
    if (bytes.size() <= kCutEverywhere || at < kEnds || at + kEnds > bytes.size() || structure ||
        at % (bytes.size() / kEnds) == 0) {
      cuts.push_back(at);
    }
  }
  return cuts;
}

class EverySplit : public ::testing::Test {
 protected:
  // The replies to the whole, then to each way to cut it: kMost connections at a time.
  void check(const Input& input) {
    const std::vector<std::size_t> cuts = cuts_of(input);
    const ClientScript whole{.bytes = input.bytes};
    const auto expected = server_.serve({&whole, 1});
    check_replies(expected[0], whole, input.bytes.size());
    std::vector<ClientScript> clients;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      clients.push_back({.bytes = input.bytes, .cuts = {cuts[i]}});
      if (clients.size() < ScriptedServer::kMost && i + 1 < cuts.size()) continue;
      const auto outcomes = server_.serve(clients);
      for (std::size_t j = 0; j < clients.size(); ++j) {
        check_replies(outcomes[j], clients[j], clients[j].cuts[0]);
        ASSERT_EQ(outcomes[j].transcript.bytes, expected[0].transcript.bytes)
            << "cut at " << clients[j].cuts[0];
        ASSERT_EQ(outcomes[j].transcript.reset, expected[0].transcript.reset)
            << "cut at " << clients[j].cuts[0];
      }
      clients.clear();
    }
    connections_ += 1 + cuts.size();
  }

  void check_all(const std::vector<Input>& inputs, std::size_t at_least) {
    ASSERT_GE(inputs.size(), at_least);
    for (const Input& input : inputs) {
      SCOPED_TRACE(input.name);
      check(input);
      if (HasFatalFailure()) return;
    }
    RecordProperty("inputs", static_cast<int>(inputs.size()));
    RecordProperty("connections", static_cast<int>(connections_));
  }

 private:
  static void check_replies(const Outcome& outcome, const ClientScript& script, std::size_t at) {
    const auto problem = judge(outcome, script);
    ASSERT_FALSE(problem) << *problem << ", cut at " << at << ":\n" << outcome.transcript.bytes;
  }

  ScriptedServer server_;
  std::size_t connections_ = 0;
};

constexpr const char* kCorpus = BERTH_TESTS_DIR "/fuzz/corpus/";

TEST_F(EverySplit, OfAConnectionGivesTheSameReplies) {
  check_all(inputs_of(std::string(kCorpus) + "connection", "", "", 3), 350);
}

TEST_F(EverySplit, OfARequestHeadGivesTheSameReplies) {
  check_all(inputs_of(std::string(kCorpus) + "http_head", "", "", 0), 200);
}

TEST_F(EverySplit, OfAChunkedBodyGivesTheSameReplies) {
  check_all(inputs_of(std::string(kCorpus) + "http_chunked", "",
                      "POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 0),
            80);
}

TEST_F(EverySplit, OfAGoldenRequestGivesTheSameReplies) {
  check_all(inputs_of(BERTH_TESTS_DIR "/golden/http", ".http", "", 0), 60);
}

TEST(Corpora, HoldEightHundredInputs) {
  std::size_t inputs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCorpus)) {
    inputs += entry.is_regular_file() ? 1U : 0U;
  }
  EXPECT_GE(inputs, 800U);
}

}  // namespace
}  // namespace berth::fuzz
