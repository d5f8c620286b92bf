// Middleware in the Recorder: what a host does with it, and nothing else.
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using berth::testing::LogLine;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

using Lines = std::vector<std::string>;

const Lines kNone;

// What the journal was told, and what else was logged.
Lines told(const Recorder& recorder) {
  Lines lines;
  for (const LogLine& line : recorder.log()) lines.push_back(line.message);
  return lines;
}

void flush(berth::ResponseWriter& response) { response.as<berth::Flusher>()->flush(); }

TEST(Filter, IsToldTheRequestAndOutlivesServe) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) { response.write("abc"); });
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/a?b"));
  EXPECT_EQ(response.body, "abc");
  EXPECT_EQ(told(recorder), (Lines{"out /a?b", "head /a?b 200", "body /a?b abc", "last /a?b",
                                   "end /a?b complete"}));
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Filter, IsFlushedThroughAtOnce) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    response.write("abc");
    flush(response);
  });
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/").with_flusher());
  EXPECT_EQ(response.flushes, std::vector<std::size_t>{3});
  EXPECT_EQ(told(recorder),
            (Lines{"head / 200", "body / abc", "flush /", "out /", "last /", "end / complete"}));
}

// Those behind fail after they have written so much.
struct Failure {
  const char* description;
  std::size_t size;
  bool flushes;
  int status;
  bool complete;
  std::string body;
  Lines told;
};

void fail_after(Recorder& recorder, const Failure& failure) {
  recorder.behind([failure](berth::ResponseWriter& response, berth::Request&) {
    response.set_header("Lost", "1");
    response.write(std::string(failure.size, 'x'));
    if (failure.flushes) flush(response);
    throw std::runtime_error("no");
  });
}

TEST(Filter, SeesTheErrorReplyWhileNothingIsOut) {
  const std::string large(3000, 'x');
  const Failure table[] = {
      {"a little is written",
       3,
       false,
       500,
       true,
       "500 Internal Server Error\n",
       {"no", "head / 500", "body / 500 Internal Server Error\n", "last /", "end / complete"}},
      {"it is flushed",
       3,
       true,
       200,
       false,
       "xxx",
       {"head / 200", "body / xxx", "flush /", "no", "end / incomplete"}},
      {"it is much",
       3000,
       false,
       200,
       false,
       large,
       {"head / 200", "body / (large)", "no", "end / incomplete"}},
  };
  for (const Failure& failure : table) {
    Recorder recorder;
    ASSERT_TRUE(recorder.with("journal"));
    fail_after(recorder, failure);
    const RecordedResponse response = recorder.serve(RequestSpec("GET", "/").with_flusher());
    EXPECT_EQ(response.status, failure.status) << failure.description;
    EXPECT_EQ(response.complete, failure.complete) << failure.description;
    EXPECT_EQ(response.body, failure.body) << failure.description;
    EXPECT_EQ(response.header("Lost").has_value(), !failure.complete) << failure.description;
    EXPECT_EQ(told(recorder), failure.told) << failure.description;
    EXPECT_EQ(recorder.misuse(), kNone) << failure.description;
  }
}

TEST(Middleware, MayAnswerForThoseBehindItWhileNothingIsOut) {
  const Failure table[] = {
      {"a little is written",
       3,
       false,
       503,
       true,
       "sorry",
       {"no", "out /", "head / 503", "body / sorry", "last /", "end / complete"}},
      {"it is flushed",
       3,
       true,
       200,
       false,
       "xxx",
       {"head / 200", "body / xxx", "flush /", "no", "end / incomplete"}},
  };
  for (const Failure& failure : table) {
    Recorder recorder;
    ASSERT_TRUE(recorder.with("journal"));
    ASSERT_TRUE(recorder.with("recover"));
    fail_after(recorder, failure);
    const RecordedResponse response = recorder.serve(RequestSpec("GET", "/").with_flusher());
    EXPECT_EQ(response.status, failure.status) << failure.description;
    EXPECT_EQ(response.complete, failure.complete) << failure.description;
    EXPECT_EQ(response.body, failure.body) << failure.description;
    EXPECT_EQ(told(recorder), failure.told) << failure.description;
  }
}

TEST(Middleware, MayAnswerWithoutFiltersToo) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("recover"));
  fail_after(recorder, {"", 3, false, 503, true, "", {}});
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "sorry");
}

TEST(Filter, HearsThatNobodyIsAnswered) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request& request) {
    response.write("abc");
    std::array<char, 8> buffer;
    static_cast<void>(request.read(buffer));
  });
  const RecordedResponse response =
      recorder.serve(RequestSpec("POST", "/").chunked().body_fails(BERTH_E_CLOSED));
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(told(recorder), Lines{"end / incomplete"});
}

TEST(Filter, HearsThatTheClientIsGone) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    EXPECT_THROW(response.write(std::string(3000, 'x')), berth::Error);
  });
  const RecordedResponse response =
      recorder.serve(RequestSpec("GET", "/").write_fails_after(10, BERTH_E_CLOSED));
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(told(recorder), (Lines{"head / 200", "body / (large)", "out /", "end / incomplete"}));
}

TEST(Filter, IsAnsweredPastWhereItHasSeenAHead) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    response.set_header("Content-Length", "6");
    response.write("abc");
  });
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/"));
  EXPECT_EQ(response.status, 500);
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(told(recorder), (Lines{"out /", "head / 200", "body / abc", "end / incomplete"}));
  EXPECT_EQ(recorder.misuse(), Lines{"wrote 3 bytes of a Content-Length of 6"});
}

TEST(Filter, IsEndedBeforeAConnectionIsTakenOver) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("journal"));
  recorder.behind([](berth::ResponseWriter& response, berth::Request&) {
    berth::Connection connection = response.as<berth::Hijacker>()->hijack();
    berth::log(berth::Level::info, "taken");
  });
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/").with_connection({}));
  EXPECT_EQ(response.status, 0);
  const Lines lines = told(recorder);
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(lines[0], "end / incomplete");
  EXPECT_EQ(lines[1], "taken");
}

TEST(Filter, ThatIsRefusedIsEndedToo) {
  Recorder recorder;
  ASSERT_TRUE(recorder.with("twice"));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).status, 500);
  EXPECT_EQ(told(recorder), Lines{"end / incomplete"});
  EXPECT_EQ(recorder.misuse(), Lines{"next() a second time, or not from a middleware"});
}

}  // namespace
