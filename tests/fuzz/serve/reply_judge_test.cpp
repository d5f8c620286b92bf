#include "fuzz/serve/reply_judge.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::fuzz {
namespace {

using End = ClientScript::End;

const std::string kDate = "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nX-Served: 1\r\n" + kDate;
const std::string kSecond = "HTTP/1.1 200 OK\r\nX-Served: 2\r\n" + kDate;
const std::string kRefused = "HTTP/1.1 400 Bad Request\r\n" + kDate + "Connection: close\r\n";
const std::string kEmpty = "Content-Length: 0\r\n\r\n";

struct Row {
  std::string bytes;
  std::vector<ServedRequest> served;
  std::string problem;  // empty: none
  End end = End::kFin;
  bool reset = false;
  std::string asked = "GET / HTTP/1.1\r\n\r\n";
};

TEST(ReplyJudge, FindsWhatIsWrong) {
  const std::vector<ServedRequest> none;
  const std::vector<ServedRequest> one{{}};
  const std::vector<ServedRequest> two{{}, {}};
  const std::vector<ServedRequest> head{{.head = true}};
  const std::vector<ServedRequest> failed{{.failed = true}};
  const std::vector<Row> rows{
      {"", none, ""},
      {kOk + kEmpty, one, ""},
      {kOk + "Content-Length: 5\r\n\r\nhello" + kSecond + kEmpty, two, ""},
      {kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", one, ""},
      {kOk + "Connection: close\r\n\r\nuntil the end", one, ""},
      {kOk + "Content-Length: 5\r\n\r\n", head, ""},
      {"HTTP/1.1 100 Continue\r\n\r\n" + kOk + kEmpty, one, ""},
      {kRefused + "Content-Length: 3\r\n\r\nbad", none, ""},
      {kRefused + "Content-Length: 3\r\n\r\n", none, ""},  // of a HEAD
      {kOk + "Content-Length: 5\r\n\r\nhel", failed, ""},
      {kOk + "Content-Length: 5\r\n\r\nhel", one, "", End::kReset},
      {"HTTP/1.1 200 OK\r\n" + kDate + kEmpty, none, "", End::kFin, false, "OPTIONS * HTTP/1.1"},

      {"nonsense", none, "a status is a status"},
      {"HTTP/1.1 200 OK\r\nX-Served: 1\r\n" + kEmpty, one, "one Date"},
      {kOk + kDate + kEmpty, one, "one Date"},
      {kOk + kEmpty, none, "a reply belongs to a request"},
      {kOk + kEmpty, two, "every request that was served is answered"},
      {kSecond + kEmpty, one, "replies are in the order of their requests"},
      {kOk + kEmpty + kOk + kEmpty, two, "replies are in the order of their requests"},
      {kOk + "Content-Length: 5\r\n\r\nhel", one, "a reply is whole"},
      {kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", one, "a reply is whole"},
      {kOk + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", one,
       "Content-Length and Transfer-Encoding"},
      {kOk + "Transfer-Encoding: gzip\r\nConnection: close\r\n\r\n", one,
       "one coding at most, and that is chunked"},
      {kOk + "\r\nuntil the end", one, "a body without framing ends by closing"},
      {kOk + "Connection: close\r\n" + kEmpty + kSecond + kEmpty, two,
       "nothing follows a reply that said close"},
      {kOk + kEmpty + "x", one, "a status is a status"},
      {kOk + "A b: c\r\n" + kEmpty, one, "a field name is a token"},
      {kOk + "A: b\nc\r\n" + kEmpty, one, "no controls in a field value"},
      {kOk + "A: b\rc\r\n" + kEmpty, one, "no controls in a field value"},
      {"HTTP/1.1 400 Bad Request\r\n" + kDate + kEmpty, none, "who refuses a request closes"},
      {"HTTP/1.1 200 OK\r\n" + kDate + kEmpty, none, "who refuses a request closes"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", none, "nobody sent such an informational"},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n", none,
       "an informational reply has no body"},
      {"HTTP/1.1 204 No Content\r\nX-Served: 1\r\n" + kDate + kEmpty, one, "a 204 has no framing"},
      {kOk + kEmpty, one, "only a reply that could not be completed is cut", End::kFin, true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.bytes);
    const Outcome outcome{.transcript = {.bytes = row.bytes, .reset = row.reset},
                          .served = row.served};
    const auto problem = judge(outcome, {.bytes = row.asked, .end = row.end});
    EXPECT_TRUE(problem.value_or("").starts_with(row.problem)) << problem.value_or("(nothing)");
    EXPECT_EQ(problem.has_value(), !row.problem.empty()) << problem.value_or("(nothing)");
  }
}

TEST(ReplyJudge, HearsWhatTheStreamSaw) {
  const Outcome outcome{.transcript = {.bytes = {}, .broken = "no write behind close()"},
                        .served = {}};
  EXPECT_EQ(judge(outcome, {.bytes = {}}), "no write behind close()");
}

}  // namespace
}  // namespace berth::fuzz
