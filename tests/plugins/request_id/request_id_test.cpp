#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "random_id.h"

namespace {

using berth::testing::Complaint;
using berth::testing::map;
using berth::testing::Node;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

bool is_made(const std::string& id) {
  return id.size() == 32 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string id_of(Recorder& recorder, RequestSpec request = RequestSpec("GET", "/")) {
  return recorder.serve(std::move(request)).header("X-Request-Id").value_or("");
}

TEST(RequestId, GivesARequestWithoutAnIdANewOne) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  const std::string first = id_of(recorder);
  EXPECT_TRUE(is_made(first)) << first;
  EXPECT_NE(first, id_of(recorder));
  EXPECT_EQ(recorder.misuse(), std::vector<std::string>{});
}

TEST(RequestId, KeepsASafeIdOfTheClientAndNoOther) {
  const std::vector<std::pair<std::string, bool>> table = {
      {"a", true},
      {"0f8fad5b-d9cb-469f-a165-70867728950e", true},
      {"Root=1-67891233-abcdef012345678912345678", true},
      {"a/b:c.d_e~f+g@h", true},
      {std::string(128, 'x'), true},
      {std::string(129, 'x'), false},
      {"", false},
      {"two words", false},
      {"<script>", false},
      {"quote\"", false},
      {"a;b", false},
      {"a,b", false},
      {"$(reboot)", false},
      {"J\xc3\xb6rg", false},
      {"tab\there", false},
  };
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  for (const auto& [id, kept] : table) {
    const std::string got = id_of(recorder, RequestSpec("GET", "/").header("x-request-id", id));
    EXPECT_EQ(got == id, kept) << id;
    EXPECT_TRUE(kept || is_made(got)) << got;
  }
}

TEST(RequestId, ThoseBehindReadItOffTheResponse) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    response.write(std::string(response.header("X-Request-Id").value_or("none")));
  });
  const RecordedResponse response =
      recorder.serve(RequestSpec("GET", "/").header("X-Request-Id", "abc"));
  EXPECT_EQ(response.body, "abc");
  EXPECT_EQ(response.header("X-Request-Id"), "abc");
}

TEST(RequestId, TheErrorReplyOfAFailedHandlerHasItToo) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  recorder.behind([](berth::ResponseWriter&, berth::Request&) { throw std::runtime_error("no"); });
  const RecordedResponse response =
      recorder.serve(RequestSpec("GET", "/").header("X-Request-Id", "abc"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.header("X-Request-Id"), "abc");
}

TEST(RequestId, AHandlerMaySetAnotherOne) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    response.set_header("X-Request-Id", "mine");
  });
  EXPECT_EQ(id_of(recorder), "mine");
}

TEST(RequestId, LeavesLengthAndBodyAlone) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    response.set_header("Content-Length", "5");
    response.write("hello");
  });
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/"));
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.header("Content-Length"), "5");
}

TEST(RequestId, TakesNoIdFromClientsWhereItShallNot) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign", map({{"accept", "false"}})));
  EXPECT_TRUE(is_made(id_of(recorder, RequestSpec("GET", "/").header("X-Request-Id", "abc"))));
}

TEST(RequestId, TheHeaderMayHaveAnotherName) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("assign", map({{"header", "Trace"}})));
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/").header("trace", "abc"));
  EXPECT_EQ(response.header("Trace"), "abc");
  EXPECT_FALSE(response.header("X-Request-Id"));
}

TEST(RequestId, RefusesWhatIsNoNameForIt) {
  const std::vector<std::pair<Node, Complaint>> table = {
      {map({{"header", "a b"}}),
       {"header", "header: not a name of letters, digits, - and _, at most 64"}},
      {map({{"header", ""}}),
       {"header", "header: not a name of letters, digits, - and _, at most 64"}},
      {map({{"header", "Content-Length"}}),
       {"header", "header: this field has a meaning of its own"}},
      {map({{"header", "Authorization"}}),
       {"header", "header: this field has a meaning of its own"}},
      {map({{"header", "cookie"}}), {"header", "header: this field has a meaning of its own"}},
      {map({{"hedaer", "A"}}),
       {"(key) hedaer", "unknown key \"hedaer\" (did you mean \"header\"?)"}},
  };
  for (const auto& [config, complaint] : table) {
    Recorder recorder;
    EXPECT_FALSE(recorder.with("assign", config)) << complaint.message;
    EXPECT_EQ(recorder.complaints(), std::vector<Complaint>{complaint});
  }
}

TEST(RequestId, IdsOfManyThreadsAreDifferent) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 1000;
  std::vector<std::vector<std::string>> ids(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::vector<std::string>& mine : ids) {
      threads.emplace_back([&mine] {
        for (std::size_t i = 0; i < kEach; ++i) mine.push_back(request_id::make());
      });
    }
  }
  std::set<std::string> all;
  for (const std::vector<std::string>& mine : ids) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), kThreads * kEach);
}

}  // namespace
