#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

const std::vector<std::string> kNone;

RecordedResponse serve(Recorder& recorder, const char* kind, const RequestSpec& request) {
  if (!recorder.mount(kind)) ADD_FAILURE() << kind << " was not made";
  return recorder.serve(request);
}

TEST(EchoBody, SendsTheBodyBackWithItsTypeAndLength) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "body",
            RequestSpec("POST", "/").header("Content-Type", "text/csv").body("a,b\n1,2\n"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "a,b\n1,2\n");
  EXPECT_EQ(response.header("Content-Type"), "text/csv");
  EXPECT_EQ(response.header("Content-Length"), "8");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(EchoBody, JoinsPiecesHoweverTheyCome) {
  Recorder recorder;
  const std::string large(100000, 'x');
  const RecordedResponse response =
      serve(recorder, "body", RequestSpec("POST", "/").body_in({"a", "", large, "b"}));
  EXPECT_EQ(response.body, "a" + large + "b");
  EXPECT_EQ(response.header("Content-Length"), "100002");
}

TEST(EchoBody, HasNoLengthWhereTheRequestHasNone) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "body", RequestSpec("POST", "/").body_in({"ab", "cd"}).chunked());
  EXPECT_EQ(response.body, "abcd");
  EXPECT_EQ(response.header("Content-Length"), std::nullopt);
  EXPECT_EQ(response.header("Content-Type"), "application/octet-stream");
}

TEST(EchoBody, AnswersAnEmptyBodyWithOne) {
  Recorder recorder;
  const RecordedResponse response = serve(recorder, "body", RequestSpec("POST", "/"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.header("Content-Length"), "0");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(EchoBody, KeepsEveryByte) {
  Recorder recorder;
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(serve(recorder, "body", RequestSpec("POST", "/").body(bytes)).body, bytes);
}

TEST(EchoBody, LeavesABodyAboveTheLimitToTheHost) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "body", RequestSpec("POST", "/").body_fails(BERTH_E_TOO_LARGE).chunked());
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(recorder.log().size(), 0U);
}

TEST(EchoBody, IsCutWhereTheClientGoesAwayInTheMiddle) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "body",
            RequestSpec("POST", "/").body_in({"abc"}).chunked().body_fails(BERTH_E_CLOSED));
  EXPECT_EQ(response.body, "abc");
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(response.result, BERTH_E_CLOSED);
}

TEST(EchoBody, StopsReadingOnceNobodyTakesTheAnswer) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "body",
            RequestSpec("POST", "/").body_in({"abc", "def"}).write_fails_after(3, BERTH_E_CLOSED));
  EXPECT_EQ(response.body, "abc");
  EXPECT_FALSE(response.complete);
}

TEST(EchoHeaders, ShowsRequestLineAndFieldsInOrder) {
  Recorder recorder;
  const RecordedResponse response = serve(recorder, "headers",
                                          RequestSpec("GET", "/h?x=1")
                                              .header("Host", "example.com")
                                              .header("X-A", "1")
                                              .header("X-a", "2"));
  EXPECT_EQ(response.body, "GET /h?x=1 HTTP/1.1\nHost: example.com\nX-A: 1\nX-a: 2\n");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.header("Cache-Control"), "no-store");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(EchoHeaders, EscapesWhatATerminalWouldObey) {
  Recorder recorder;
  const RecordedResponse response =
      serve(recorder, "headers", RequestSpec("GET", "/").header("X", "a\x1b[2Jb\\c\xc3\xa9\td"));
  EXPECT_EQ(response.body, "GET / HTTP/1.1\nX: a\\x1B[2Jb\\x5Cc\\xC3\\xA9\\x09d\n");
}

TEST(Echo, TakesNoConfiguration) {
  for (const char* kind : {"body", "headers"}) {
    Recorder recorder;
    EXPECT_FALSE(recorder.mount(kind, berth::testing::map({{"limit", "1KiB"}})));
    ASSERT_EQ(recorder.complaints().size(), 1U);
    EXPECT_EQ(recorder.complaints()[0].message, "unknown key \"limit\"");
  }
}

TEST(Echo, HasThreeKindsAndNoOther) {
  Recorder recorder;
  EXPECT_EQ(recorder.kinds(), (std::vector<std::string>{"body", "headers", "lines"}));
  EXPECT_FALSE(recorder.mount("words"));
}

}  // namespace
