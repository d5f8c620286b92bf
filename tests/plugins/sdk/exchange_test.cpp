// Request and ResponseWriter, and the Recorder that keeps the contract, through the plugin's kinds
// "mirror" and "act".
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "plugins/bare_plugin.h"

namespace {

using berth::testing::Field;
using berth::testing::LogLine;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

const std::vector<std::string> kNone;

// A request whose query parameter "do" is `what`.
RequestSpec act(std::string what) {
  for (char& c : what) c = c == ' ' ? '+' : c;
  return {"GET", "/?do=" + what};
}

TEST(Request, TellsEverything) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("mirror", berth::testing::map({}), "POST /a/{id}"));
  RequestSpec request("POST", "/a/b%20c?q=1+2%21&q=second&bad=%zz&=&flag");
  request.header("X-A", "first").header("x-a", "second").path_value("id", "b c");
  request.body_in({"ab", "cd"}).chunked().trailer("X-T", "end");
  request.deadline = 5;
  const RecordedResponse response = recorder.serve(request);
  EXPECT_EQ(response.body,
            "method=POST\n"
            "target=/a/b%20c?q=1+2%21&q=second&bad=%zz&=&flag\n"
            "path=/a/b c\n"
            "query=q=1+2%21&q=second&bad=%zz&=&flag\n"
            "protocol=HTTP/1.1\n"
            "scheme=http\n"
            "host=example.com\n"
            "remote=192.0.2.1:1234\n"
            "peer=192.0.2.1:1234\n"
            "local=192.0.2.2:8080\n"
            "listener=test\n"
            "pattern=POST /a/{id}\n"
            "id=b c\n"
            "q=1 2!\n"
            "X-A=first\n"
            "?q=1 2!\n"
            "?q=second\n"
            "?=\n"
            "?flag=\n"
            ":X-A=first\n"
            ":x-a=second\n"
            "length=unknown\n"
            "early trailer=(none)\n"
            "body=abcd\n"
            "trailer=end\n"
            "/X-T=end\n"
            "cancelled=no\n"
            "deadline=5\n");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Request, TellsTheClientAndTheProxyItCameThrough) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("mirror"));
  const RequestSpec request = RequestSpec("GET", "/").through("10.0.0.1:99", "203.0.113.7:0");
  const std::string body = recorder.serve(request).body;
  EXPECT_NE(body.find("scheme=https\n"), std::string::npos) << body;
  EXPECT_NE(body.find("remote=203.0.113.7:0\npeer=10.0.0.1:99\n"), std::string::npos) << body;
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Request, TellsWhatIsAbsent) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("mirror"));
  const std::string body = recorder.serve(RequestSpec("GET", "/").is_cancelled()).body;
  for (const char* line : {"query=\n", "id=(none)\n", "q=(none)\n", "X-A=(none)\n", "length=0\n",
                           "trailer=(none)\n", "cancelled=yes\n", "deadline=none\n"}) {
    EXPECT_NE(body.find(line), std::string::npos) << line;
  }
}

TEST(Request, ReadAllRefusesMoreThanAskedFor) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("mirror"));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/").body(std::string(100, 'x'))).status, 200);
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/").body(std::string(101, 'x'))).status, 413);
}

TEST(Request, HandsValuesOn) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  RequestSpec request = act("values");
  request.value("greeting", "hello").connection_value("user", "ada").listener_value("zone", "in");
  request.connection_counts = {0, 1, 7, 0, 0};
  const RecordedResponse response = recorder.serve(request);
  EXPECT_EQ(response.body, "in 7");
  EXPECT_EQ(response.values.at("greeting"), "hello!");
  EXPECT_EQ(response.connection_values.at("user"), "ada");
  EXPECT_EQ(response.connection_values.at("seen"), "yes");
  EXPECT_EQ(recorder.misuse(), kNone);
  EXPECT_EQ(recorder.serve(act("large value")).status, 413);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Response, IsWhatTheHandlerDid) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  const RecordedResponse response = recorder.serve(act("all right").with_flusher());
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "one two");
  EXPECT_EQ(
      response.headers,
      (std::vector<Field>{{"Vary", "a"}, {"Vary", "b"}, {"X-Before", "open"}, {"X-Vary", "a"}}));
  ASSERT_EQ(response.informational.size(), 1U);
  EXPECT_EQ(response.informational[0].status, 103);
  EXPECT_EQ(response.informational[0].headers, (std::vector<Field>{{"Link", "</a.css>"}}));
  EXPECT_EQ(response.trailer("x-sum"), "12");
  EXPECT_EQ(response.flushes, std::vector<std::size_t>{4});
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(recorder.misuse(), kNone);

  const std::vector<LogLine> log = recorder.log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].level, BERTH_WARN);
  EXPECT_EQ(log[0].message, "all right");
  EXPECT_EQ(
      log[0].fields,
      (std::vector<Field>{
          {"number", "-7"}, {"large", "18446744073709551615"}, {"text", "t"}, {"flag", "false"}}));
}

TEST(Response, HasNoPowersTheConnectionHasNot) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  const RecordedResponse response = recorder.serve(act("all right"));
  EXPECT_TRUE(response.flushes.empty());
  EXPECT_EQ(response.body, "one two");
}

TEST(Response, CountsButDropsTheBodyOfHead) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  RequestSpec request = act("all right");
  request.method = "HEAD";
  EXPECT_EQ(recorder.serve(request).body, "");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Response, Is200WhereNothingWasSaid) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  EXPECT_EQ(recorder.serve(act("nothing")).status, 200);
}

TEST(Response, AThrowIsA500WithItsTextInTheLog) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  const RecordedResponse response = recorder.serve(act("throw"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.result, BERTH_E_FAILED);
  ASSERT_EQ(recorder.log().size(), 1U);
  EXPECT_EQ(recorder.log()[0].level, BERTH_ERROR);
  EXPECT_EQ(recorder.log()[0].message, "the database is gone");
}

TEST(Response, AThrowOfAnythingElseIsA500Too) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  EXPECT_EQ(recorder.serve(act("throw int")).status, 500);
  ASSERT_EQ(recorder.log().size(), 1U);
  EXPECT_EQ(recorder.log()[0].message, "an exception that is no std::exception");
}

TEST(Response, IsCutByAThrowBehindTheHead) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("act"));
  const RecordedResponse response = recorder.serve(act("throw late"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "half");
  EXPECT_FALSE(response.complete);
}

TEST(Recorder, NotesEveryBreachOfTheContract) {
  const struct {
    const char* what;
    int status;
    const char* misuse;
    const char* log;
  } rows[] = {
      {"bad name", 500, "resp_header_set of \"a b\" which is no token",
       "set_header(\"a b\"): not allowed by HTTP or by the contract"},
      {"split", 500, "resp_header_set of \"A\" with a control character",
       "set_header(\"A\"): not allowed by HTTP or by the contract"},
      {"framing", 500, "resp_header_set of \"transfer-encoding\" which is the host's",
       "set_header(\"transfer-encoding\"): not allowed by HTTP or by the contract"},
      {"bad length", 500, "resp_header_set of \"Content-Length\" is no number",
       "set_header(\"Content-Length\"): not allowed by HTTP or by the contract"},
      {"late header", 200, "resp_header_set of \"A\" after the head",
       "set_header(\"A\"): too late, or not offered by this host"},
      {"status twice", 200, "resp_status(404) after the head",
       "status(404): too late, or not offered by this host"},
      {"status 42", 500, "resp_status(42)", "status(42): not allowed by HTTP or by the contract"},
      {"status 101", 500, "resp_status(101)",
       "status(101): not allowed by HTTP or by the contract"},
      {"body of 204", 204, "resp_write with status 204",
       "write: too late, or not offered by this host"},
      {"body of 205", 205, "resp_write with status 205",
       "write: too late, or not offered by this host"},
      {"too long", 200, "resp_write beyond the Content-Length", nullptr},
      {"too short", 200, "wrote 2 bytes of a Content-Length of 3", nullptr},
      {"bad trailer", 500, "resp_trailer_add of \"Content-Length\" which may not be a trailer",
       "add_trailer(\"Content-Length\"): not allowed by HTTP or by the contract"},
      {"listener value", 500, "Values::set of a listener",
       "Values::set: too late, or not offered by this host"},
      {"nameless value", 500, "Values::set", "Values::set: not allowed by HTTP or by the contract"},
  };
  for (const auto& row : rows) {
    Recorder recorder;
    ASSERT_TRUE(recorder.mount("act"));
    const RecordedResponse response = recorder.serve(act(row.what));
    EXPECT_EQ(response.status, row.status) << row.what;
    EXPECT_EQ(response.complete, row.status == 500) << row.what;
    EXPECT_EQ(recorder.misuse(), std::vector<std::string>{row.misuse}) << row.what;
    const std::vector<LogLine> log = recorder.log();
    ASSERT_EQ(log.size(), row.log == nullptr ? 0U : 1U) << row.what;
    if (row.log != nullptr) {
      EXPECT_EQ(log[0].message, row.log);
    }
  }
}

// Uses a request on another thread, and one that is over.
std::int32_t careless(const berth_host& host, berth_request* request, berth_response* response) {
  static berth_request* kept = nullptr;
  if (kept != nullptr) {
    static_cast<void>(host.req_method(kept));
    char byte = 0;
    if (host.req_read(kept, &byte, 1) != BERTH_E_STATE) return BERTH_E_FAILED;
  }
  kept = request;
  std::thread([&] { static_cast<void>(host.resp_write(response, "x", 1)); }).join();
  return host.req_retain(request, response) == BERTH_E_STATE ? BERTH_DEFERRED : BERTH_OK;
}

TEST(Recorder, NotesUseOnOtherThreadsAndAfterTheEnd) {
  Recorder recorder(berth::test::bare_plugin<careless>);
  ASSERT_TRUE(recorder.mount("any"));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).status, 500);
  EXPECT_EQ(recorder.misuse(),
            (std::vector<std::string>{"resp_write on another thread", "serve() returned 1"}));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).status, 500);
  EXPECT_EQ(recorder.misuse(),
            (std::vector<std::string>{"resp_write on another thread", "serve() returned 1",
                                      "req_method after serve() returned",
                                      "req_read after serve() returned",
                                      "resp_write on another thread", "serve() returned 1"}));
}

}  // namespace
