// The helpers of the SDK as a plugin's file has them: through dlopen, the ABI and real sockets.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

std::string configuration() {
  return std::string(kListen) + "plugins:\n  helpers: { file: " BERTH_HELPERS_PLUGIN R"( }
routes:
  - { pattern: "GET /fails", handler: helpers.fails }
  - { pattern: "/moved/{rest...}", handler: helpers.redirects }
  - { pattern: "GET /query", handler: helpers.queries }
  - { pattern: "POST /limited", handler: helpers.limited }
  - { pattern: "GET /in/{rest...}", handler: helpers.stripped, config: { prefixes: [/in/, /deep] } }
  - { pattern: "/content", handler: helpers.contents }
)";
}

std::string request(const std::string& line, const std::string& fields = "") {
  return line + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(Helpers, AnErrorReplyHasALengthAndKeepsTheConnection_G80) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(request("GET /fails?status=403&text=no&ETag=%22x%22&Content-Encoding=gzip") +
              request("GET /fails"));
  const Reply forbidden = client.read_reply();
  EXPECT_EQ(forbidden.status, 403);
  EXPECT_EQ(forbidden.body, "no\n");
  EXPECT_EQ(forbidden.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(forbidden.field("ETag"), std::nullopt);
  EXPECT_EQ(forbidden.field("Content-Encoding"), std::nullopt);
  EXPECT_EQ(client.read_reply().status, 404);
}

// The client's text as a field of the response, as the kind `fails` makes one of each parameter.
TEST(Helpers, AFieldCannotSplitTheReply_F17) {
  Host host(configuration());
  for (const char* query :
       {"X-A=b%0d%0aX-Injected:%20yes", "X-A=b%0aX-Injected:%20yes", "X-A=b%0dX-Injected:%20yes",
        "X-A=b%00c", "X-Injected:%20yes%0d%0aX-A=b", "X%20A=b",
        "Content-Type=a%0d%0a%0d%0a%3Cb%3E"}) {
    RawClient client = host.connect();
    client.send(request("GET /fails?" + std::string(query)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 500) << query;
    EXPECT_EQ(reply.field("X-Injected"), std::nullopt) << query;
    EXPECT_EQ(reply.field("X-A"), std::nullopt) << query;
    EXPECT_EQ(reply.body.find("<b>"), std::string::npos) << query;
  }
}

TEST(Helpers, ATypeCannotSplitAPart_F17) {
  Host host(configuration());
  for (const char* range : {"Range: bytes=0-0\r\n", "Range: bytes=0-0,9-\r\n"}) {
    RawClient client = host.connect();
    client.send(request("GET /content?type=a%0d%0aX-Injected:%20yes", range));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 500) << range;
    EXPECT_EQ(reply.field("X-Injected"), std::nullopt) << range;
    EXPECT_EQ(reply.body.find("X-Injected"), std::string::npos) << range;
  }
}

TEST(Helpers, ARedirectCannotSplitTheReply_G100_F17) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(request("GET /moved/a/b?status=302&to=../c%0d%0aX-Injected:%20yes") +
              request("HEAD /moved/a?status=308&to=b"));
  const Reply moved = client.read_reply();
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(moved.field("Location"), "/moved/c%0D%0AX-Injected:%20yes");
  EXPECT_EQ(moved.field("X-Injected"), std::nullopt);
  const Reply head = client.read_reply(true);
  EXPECT_EQ(head.status, 308);
  EXPECT_EQ(head.field("Location"), "/moved/b");
}

TEST(Helpers, AQueryTellsWhatTheServerHasParsed_G44) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(request("GET /query?a=1+%2B&b=%&a=2;c&&d"));
  EXPECT_EQ(client.read_reply().body, "a=1 +;a=2;c;d=; first=1 + all=1 +,2;c, left out=1");
}

TEST(Helpers, ABodyAboveTheLimitIsA413_G82) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(request("POST /limited?max=4&step=3", "Transfer-Encoding: chunked\r\n") +
              "4\r\nabcd\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "abc|d|");
  client.send(request("POST /limited?max=4&step=3", "Transfer-Encoding: chunked\r\n") +
              "5\r\nabcde\r\n0\r\n\r\n");
  const Reply caught = client.read_reply();
  EXPECT_EQ(caught.status, 413);
  EXPECT_EQ(caught.body, "abc|d| above 4\n");
  client.send(request("GET /fails"));
  EXPECT_EQ(client.read_reply().status, 404) << "what was not read is dropped";
  RawClient waits = host.connect();
  waits.send(request("POST /limited?max=4", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(waits.read_reply().status, 413) << "and no 100 before it";
}

TEST(Helpers, APrefixIsStrippedByWholeSegments_G101) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(request("GET /in/deep/a%2Fb/c?x") + request("GET /in/deeper") +
              request("GET /in/deep%2Fa") + request("GET /in/deep/a?redirect"));
  EXPECT_EQ(client.read_reply().body, "/a/b/c /a%2Fb/c /in/deep/a%2Fb/c?x");
  EXPECT_EQ(client.read_reply().status, 404);
  EXPECT_EQ(client.read_reply().status, 404);
  EXPECT_EQ(client.read_reply().field("Location"), "/in/deep/in");
}

TEST(Helpers, ContentIsServedInWholeInPartsAndNotAtAll_G104_G105) {
  Host host(configuration());
  RawClient client = host.connect();
  const std::string line = "GET /content?etag=%22a%22&type=text/plain";
  client.send(request(line) + request(line, "If-None-Match: W/\"a\"\r\n") +
              request(line, "Range: bytes=-3\r\n") + request(line, "Range: bytes=0-0,9-\r\n") +
              request(line, "Range: bytes=10-\r\n") + request(line, "If-Match: \"b\"\r\n"));
  const Reply whole = client.read_reply();
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.field("Content-Length"), "10");
  EXPECT_EQ(client.read_reply(true).status, 304);
  EXPECT_EQ(client.read_reply().body, "789");
  const Reply parts = client.read_reply();
  EXPECT_EQ(parts.status, 206);
  EXPECT_TRUE(parts.whole);
  EXPECT_NE(parts.body.find("Content-Range: bytes 9-9/10"), std::string::npos) << parts.body;
  const Reply behind = client.read_reply();
  EXPECT_EQ(behind.status, 416);
  EXPECT_EQ(behind.field("Content-Range"), "bytes */10");
  EXPECT_EQ(behind.field("ETag"), std::nullopt);
  EXPECT_EQ(client.read_reply().status, 412);
  client.send(request("HEAD /content", "Range: bytes=0-0\r\n"));
  EXPECT_EQ(client.read_reply(true).field("Content-Length"), "10");
}

}  // namespace
}  // namespace berth::e2e
