// Middleware of plugins around handlers of plugins, over real sockets.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "e2e/full_queue.h"
#include "e2e/golden.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

const std::string& configuration() {
  static const std::string text = std::string(kListen) +
                                  R"(
plugins:
  around: { file: )" BERTH_AROUND_PLUGIN
                                  R"( }
  request_id: { file: request_id.so }
  files: { file: static_files.so }
routes:
  - pattern: "/files/{path...}"
    handler: files.directory
    config: { root: . }
    with: [{ handler: around.tag, config: { tag: files } }]
  - pattern: "/sent/{path...}"
    handler: files.directory
    config: { root: . }
    with: [request_id]
  - pattern: "/hurry/{how}"
    handler: around.answer
    timeout: 100ms
    with: [{ handler: around.tag, config: { tag: hurry } }]
  - pattern: "/plain/{how}"
    handler: around.answer
  - pattern: "/upper/{how}"
    handler: around.answer
    with: [around.upper]
  - pattern: "/same/{how}"
    handler: around.answer
    with: [{ handler: around.upper, config: { keep_length: true } }]
  - pattern: "/tags/{how}"
    handler: around.answer
    with:
      - { handler: around.tag, config: { tag: outer } }
      - around.upper
      - { handler: around.tag, config: { tag: inner } }
  - pattern: "/gate/{how}"
    handler: around.answer
    with: [request_id, around.gate, around.upper]
  - pattern: "/throws/{how}"
    handler: around.answer
    with: [request_id.assign, around.throws]
  - pattern: "/bad/{how}"
    handler: around.answer
    with: [request_id.assign, around.bad]
  - pattern: "/recover/{how}"
    handler: around.answer
    with: [around.recover]
  - pattern: "/journal/{how}"
    handler: around.answer
    with: [request_id, around.journal, around.recover]
  - pattern: "/small/{how}"
    handler: around.answer
    max_body: 10B
    timeout: 100ms
    with: [request_id]
  - pattern: "/upload/{how}"
    handler: around.answer
    with: [request_id]
)";
  return text;
}

std::string get(const std::string& path, const std::string& fields = {},
                const std::string& method = "GET") {
  return method + " " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

std::string around_of(const Reply& reply) {
  std::string all;
  for (const auto& [name, value] : reply.fields) {
    if (name == "Around") all += value + " ";
  }
  return all;
}

struct Case {
  const char* method;
  const char* path;
  int status;
  std::string body;
  std::optional<std::string> length;
  std::string around;
};

TEST(Middleware, ChainsAnswerOneAfterTheOtherOverOneConnection) {
  const std::string large(3 * 4096, 'A');
  const Case cases[] = {
      {"GET", "/plain/hello", 200, "hello", "5", ""},
      {"GET", "/upper/hello", 200, "HELLO", "5", ""},
      {"GET", "/upper/length", 200, "ABC", "3", ""},
      {"GET", "/upper/chunked", 200, large, std::nullopt, ""},
      {"GET", "/upper/flush", 200, "ONE TWO", std::nullopt, ""},
      {"GET", "/upper/trailer", 200, large.substr(0, 4096), std::nullopt, ""},
      {"HEAD", "/upper/hello", 200, "", "5", ""},
      {"GET", "/upper/204", 204, "", std::nullopt, ""},
      {"GET", "/upper/304", 304, "", std::nullopt, ""},
      {"GET", "/same/length", 200, "ABC", "3", ""},
      {"HEAD", "/same/length", 200, "", "3", ""},
      // The inner tag is made upper case, the outer one comes behind that.
      {"GET", "/tags/hello", 200, "HELLO INNER outer", "17", "inner outer "},
      {"GET", "/tags/204", 204, "", std::nullopt, "inner outer "},
      {"GET", "/tags/304", 304, "", std::nullopt, "inner outer "},
      {"HEAD", "/tags/hello", 200, "", "17", "inner outer "},
      {"GET", "/tags/throw", 500, "500 INTERNAL SERVER ERROR\n INNER outer", "38", "inner outer "},
      {"GET", "/gate/hello", 403, "no entry", "8", ""},
      {"GET", "/throws/hello", 500, "500 Internal Server Error\n", "26", ""},
      {"GET", "/bad/hello", 500, "500 Internal Server Error\n", "26", ""},
      {"GET", "/bad/204", 204, "", std::nullopt, ""},
  };
  Host host(configuration());
  RawClient client = host.connect();  // one connection for all of them
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.method) + " " + each.path);
    client.send(get(each.path, "", each.method));
    const Reply reply = client.read_reply(std::string(each.method) == "HEAD");
    EXPECT_EQ(reply.status, each.status);
    EXPECT_TRUE(reply.whole);
    EXPECT_FALSE(reply.says_close());
    EXPECT_EQ(reply.body, each.body);
    EXPECT_EQ(reply.field("Content-Length"), each.length);
    EXPECT_EQ(around_of(reply), each.around);
  }
  std::string pipelined;
  for (const Case& each : cases) pipelined += get(each.path, "", each.method);
  client.send(pipelined);
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string("pipelined ") + each.method + " " + each.path);
    const Reply reply = client.read_reply(std::string(each.method) == "HEAD");
    EXPECT_EQ(reply.status, each.status);
    EXPECT_EQ(reply.body, each.body);
  }
}

TEST(Middleware, AGateLetsThroughWhoHasTheKey) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/gate/hello", "Key: open\r\nX-Request-Id: mine\r\n"));
  const Reply open = client.read_reply();
  EXPECT_EQ(open.body, "HELLO");
  EXPECT_EQ(open.field("X-Request-Id"), "mine");
  client.send(get("/gate/hello", "X-Request-Id: <script>\r\n"));
  const Reply shut = client.read_reply();
  EXPECT_EQ(shut.status, 403);
  EXPECT_EQ(shut.field("X-Request-Id").value_or("").size(), 32U);
}

TEST(Middleware, ErrorRepliesCarryTheRequestsId) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/throws/x", "X-Request-Id: abc\r\n"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.field("X-Request-Id"), "abc");
}

TEST(Middleware, RepliesWithoutTheHandlerOrInItsSteadCarryNoId) {
  struct Row {
    const char* description;
    std::string request;
    int status;
  };
  const Row table[] = {
      {"malformed", "GET /small/x HTTP/1.1\r\nHost: h\r\nX-Request-Id : abc\r\n\r\n", 400},
      {"too large",
       "POST /small/x HTTP/1.1\r\nHost: h\r\nX-Request-Id: abc\r\nContent-Length: 11\r\n\r\n", 413},
      {"overdue", get("/small/overdue", "X-Request-Id: abc\r\n"), 503},
      {"a filter has failed in the body", get("/bad/x", "X-Request-Id: abc\r\n"), 500},
  };
  Host host(configuration());
  for (const Row& row : table) {
    RawClient client = host.connect();
    client.send(row.request);
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, row.status) << row.description;
    EXPECT_EQ(reply.field("X-Request-Id"), std::nullopt) << row.description;
  }
  (void)host.stop();
  EXPECT_EQ(host.child().out().find("\"abc\""), std::string::npos) << host.child().out();
}

TEST(Middleware, ARequestThatFindsNoPlaceInTheQueueGetsNoId) {
  Host host(configuration() + std::string(kOneUpload));
  const FullQueue queue = fill_queue(
      host,
      "POST /upload/body HTTP/1.1\r\nHost: h\r\nX-Request-Id: abc\r\nContent-Length: 3\r\n"
      "Expect: 100-continue\r\n\r\n",
      1);
  ASSERT_EQ(queue.refused.size(), 1U);
  EXPECT_EQ(queue.refused.front().status, 503);
  EXPECT_EQ(queue.refused.front().field("X-Request-Id"), std::nullopt);
}

TEST(Middleware, OneMayAnswerForAHandlerThatFailed) {
  Host host(configuration());
  RawClient client = host.connect();
  // More often than there are threads, with answers that filters have seen in between.
  for (int i = 0; i < 20; ++i) {
    client.send(get("/tags/hello") + get("/recover/throw") + get("/journal/throw"));
    EXPECT_EQ(client.read_reply().body, "HELLO INNER outer");
    const Reply plain = client.read_reply();
    EXPECT_EQ(plain.status, 502);
    EXPECT_EQ(plain.body, "recovered");
    const Reply filtered = client.read_reply();
    EXPECT_EQ(filtered.status, 502);
    EXPECT_EQ(filtered.field("X-Request-Id").value_or("").size(), 32U);
  }
  client.send(get("/recover/cut"));
  EXPECT_FALSE(client.read_reply().whole);
}

TEST(Middleware, AFilterReadsTheRequestToTheEnd) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/journal/hello?a=b", "User-Agent: test\r\n") + get("/journal/hijack"));
  EXPECT_EQ(client.read_reply().body, "hello");
  EXPECT_EQ(client.read_until_close(), "raw\n");
  const std::string log = host.stop();
  for (const char* line : {"target=\"/journal/hello?a=b\" agent=test status=200 whole=yes\n",
                           "target=/journal/hijack agent=- status=101 whole=no\n"}) {
    EXPECT_NE(log.find(line), std::string::npos) << log;
  }
}

TEST(Middleware, AnswersHttp10Too) {
  Host host(configuration());
  const auto ask = [&host](const std::string& path, const std::string& fields) {
    RawClient client = host.connect();
    client.send("GET " + path + " HTTP/1.0\r\nHost: h\r\n" + fields + "\r\n");
    const Reply reply = client.read_reply();
    EXPECT_FALSE(reply.chunked()) << path;
    return reply;
  };
  const Reply small = ask("/tags/hello", "Connection: keep-alive\r\n");
  EXPECT_EQ(small.body, "HELLO INNER outer");
  EXPECT_EQ(small.field("Content-Length"), "17");
  const Reply large = ask("/upper/chunked", "Connection: keep-alive\r\n");
  EXPECT_TRUE(large.body == std::string(3 * 4096, 'A')) << large.body.size();
  EXPECT_EQ(large.field("Content-Length"), std::nullopt);  // ends with the connection
  const Reply trailer = ask("/upper/trailer", "");
  EXPECT_TRUE(trailer.body == std::string(4096, 'A')) << trailer.body.size();
  EXPECT_EQ(trailer.trailers.size(), 0U);
  EXPECT_EQ(ask("/throws/x", "").status, 500);
}

TEST(Middleware, TrailersComeBehindABodyThatWasChanged) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/upper/trailer"));
  const Reply reply = client.read_reply();
  ASSERT_EQ(reply.trailers.size(), 1U);
  EXPECT_EQ(reply.trailers[0].first, "Behind");
  EXPECT_EQ(reply.trailers[0].second, "1");
}

TEST(Middleware, AFlushReachesTheClientThroughFilters) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/tags/flush"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, "ONE TWO INNER outer");
  EXPECT_GE(reply.chunks, 2U);
}

TEST(Middleware, AFailureBehindTheHeadCutsTheConnection) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/tags/cut"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
  const std::string log = host.stop();
  EXPECT_NE(log.find("incomplete"), std::string::npos) << log;
  EXPECT_EQ(log.find(" complete"), std::string::npos) << log;
}

TEST(Middleware, AHandlerBehindFiltersMayTakeTheConnectionOver) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/tags/hijack"));
  EXPECT_EQ(client.read_until_close(), "raw\n");
  const std::string log = host.stop();
  EXPECT_NE(log.find("incomplete"), std::string::npos) << log;
}

TEST(Middleware, AFileGoesThroughFiltersOfTheBodyAndPastThoseOfTheHead) {
  Host host(configuration());
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
  (void)host.folder().write("big.txt", text);
  RawClient client = host.connect();
  client.send(get("/files/big.txt"));
  const Reply changed = client.read_reply();
  EXPECT_EQ(changed.status, 200);
  EXPECT_TRUE(changed.body == text + " files") << changed.body.size();
  EXPECT_EQ(changed.field("Content-Length"), std::nullopt);
  client.send(get("/sent/big.txt", "X-Request-Id: abc\r\n"));
  const Reply sent = client.read_reply();
  EXPECT_TRUE(sent.body == text) << sent.body.size();
  EXPECT_EQ(sent.field("Content-Length"), std::to_string(text.size()));
  EXPECT_EQ(sent.field("X-Request-Id"), "abc");
  client.send(get("/files/big.txt", "", "HEAD") + get("/files/none"));
  EXPECT_EQ(client.read_reply(true).status, 200);
  EXPECT_EQ(client.read_reply().body, "404 Not Found\n files");
}

TEST(Middleware, AHandlerThatBlocksBehindItHoldsNobodyElse) {
  constexpr int kWaiting = 8;  // more than there are loops
  Host host(configuration());
  std::vector<RawClient> waiting;
  for (int i = 0; i < kWaiting; ++i) {
    waiting.push_back(host.connect());
    waiting.back().send(get("/tags/wait"));
  }
  RawClient client = host.connect();
  client.send(get("/tags/go?waiting=" + std::to_string(kWaiting)));
  EXPECT_EQ(client.read_reply().body, "GONE INNER outer");
  for (RawClient& each : waiting) {
    EXPECT_EQ(each.read_reply().body, "WAITED INNER outer");
    each.send(get("/plain/again"));  // over the same connection, with nobody around it
    EXPECT_EQ(each.read_reply().body, "again");
  }
}

TEST(Middleware, ALargeBodyGoesThroughTheChainBothWays) {
  Host host(configuration());
  RawClient client = host.connect();
  const std::string body(300'000, 'b');
  client.send("POST /tags/body HTTP/1.1\r\nHost: h\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  const Reply reply = client.read_reply();
  EXPECT_TRUE(reply.body == std::string(body.size(), 'B') + " INNER outer") << reply.body.size();
}

TEST(Middleware, TheDeadlineAnswersInsteadOfTheChain) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/hurry/overdue"));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(around_of(reply), "");
  const std::string log = host.stop();
  EXPECT_NE(log.find("incomplete"), std::string::npos) << log;
}

TEST(Middleware, AClientThatLeavesEndsTheChain) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/tags/endless"));
  EXPECT_TRUE(client.wait_for("AAAA"));
  client.reset();
  const std::string log = host.stop();
  EXPECT_NE(log.find("incomplete"), std::string::npos) << log;
  EXPECT_EQ(log.find("failed"), std::string::npos) << log;
}

TEST(Middleware, TheAccessLogShowsTheRequestsId) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/throws/x", "X-Request-Id: abc\r\n") + get("/plain/x"));
  EXPECT_EQ(client.read_replies(2).size(), 2U);
  (void)host.stop();
  const auto lines = expect_printable_lines(host.child().out());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].ends_with(" 500 26 \"-\" \"-\" \"abc\"")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(" 200 1 \"-\" \"-\"")) << lines[1];
}

TEST(Middleware, TheLogNamesWhoFailed) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/throws/x") + get("/bad/x"));
  (void)client.read_reply();
  (void)client.read_reply();
  const std::string log = host.stop();
  EXPECT_NE(log.find("out of a middleware"), std::string::npos) << log;
  EXPECT_NE(log.find("the middleware failed"), std::string::npos) << log;
  EXPECT_NE(log.find("out of a filter"), std::string::npos) << log;
  EXPECT_NE(log.find("the filter failed"), std::string::npos) << log;
  EXPECT_EQ(log.find("plugin=request_id"), std::string::npos) << log;
}

TEST(Middleware, WhatIsWrongWithAChainIsToldAtItsPlaceAllAtOnce) {
  const Folder folder;
  folder.write("berth.yaml",
               replaced(golden_file("middleware-wrong.yaml"), "around.so", BERTH_AROUND_PLUGIN));
  expect_golden("middleware-wrong.expected", replaced(transcript(berth(folder, {"validate"})),
                                                      BERTH_AROUND_PLUGIN, "around.so"));
}

TEST(Middleware, RoutesShowTheChain) {
  const Folder folder;
  folder.write("berth.yaml", golden_file("middleware.yaml"));
  expect_golden("middleware.expected",
                transcript(berth(folder, {"routes"})) +
                    transcript(berth(folder, {"routes", "--explain", "GET /a"})));
}

TEST(Middleware, InspectTellsTheRoleOfAKind) {
  const Folder folder;
  const Outcome outcome = berth(folder, {"plugin", "inspect", BERTH_AROUND_PLUGIN});
  EXPECT_NE(outcome.out.find("\nkinds       answer\nmiddleware  upper, tag, gate, throws, bad, "
                             "recover, journal, remember\n"),
            std::string::npos)
      << outcome.out;
}

TEST(Middleware, HandsValuesToItsHandlerAndToLaterRequestsOfItsConnection_G7) {
  Host host(R"(
listen:
  - { name: public, address: "127.0.0.1:0", values: { zone: inner } }
plugins:
  around: { file: )" BERTH_AROUND_PLUGIN R"( }
routes:
  - { pattern: "/with/{how}", handler: around.answer, with: [around.remember] }
  - { pattern: "/without/{how}", handler: around.answer }
)");
  const auto ask = [](RawClient& client, const std::string& path, const std::string& caller) {
    client.send("GET " + path + "/values HTTP/1.1\r\nHost: h\r\nCaller: " + caller + "\r\n\r\n");
    return client.read_reply().body;
  };
  RawClient client = host.connect();
  EXPECT_EQ(ask(client, "/with", "ada"), "ada I inner active 1");
  EXPECT_EQ(ask(client, "/with", "grace"), "grace II inner active 1");
  EXPECT_EQ(ask(client, "/without", "ada"), "- II inner active 1");
  RawClient other = host.connect();
  EXPECT_EQ(ask(other, "/without", "ada"), "- - inner active 1");
}

}  // namespace
}  // namespace berth::e2e
