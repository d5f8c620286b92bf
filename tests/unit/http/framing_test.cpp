#include "http/framing.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/head_parser.h"

namespace berth::http {
namespace {

// "none keep", "length 5 close", "chunked keep 100", or the text of the error.
std::string framing_text(const std::string& fields, int minor_version) {
  const std::string bytes =
      "POST / HTTP/1." + std::to_string(minor_version) + "\r\n" + fields + "\r\n";
  HeadParser parser;
  EXPECT_EQ(parser.parse(bytes), HeadParser::Progress::kComplete) << bytes;
  const auto framing = framing_of(parser.head());
  if (!framing.ok()) return std::string(text_of(framing.error()));
  std::string text = "none";
  if (framing->body == Framing::Body::kLength) text = "length " + std::to_string(framing->length);
  if (framing->body == Framing::Body::kChunked) text = "chunked";
  text += framing->keep_alive ? " keep" : " close";
  if (framing->expect_continue) text += " 100";
  return text;
}

struct Row {
  std::string_view fields;
  std::string_view expected;
};

void expect_rows(const Row* begin, const Row* end, const std::string& before, int minor_version) {
  for (const Row* row = begin; row != end; ++row) {
    EXPECT_EQ(framing_text(before + std::string(row->fields), minor_version), row->expected)
        << row->fields;
  }
}

TEST(Framing, OfHttp11FollowsRfc9112Strictly) {
  const Row rows[] = {
      {"", "none keep"},
      {"Content-Length: 0\r\n", "length 0 keep"},
      {"content-length: 5\r\n", "length 5 keep"},
      {"Content-Length: 005\r\n", "length 5 keep"},
      {"Content-Length: 9223372036854775807\r\n", "length 9223372036854775807 keep"},
      {"Transfer-Encoding: chunked\r\n", "chunked keep"},
      {"TRANSFER-encoding: CHUNKed\r\n", "chunked keep"},
      {"Content_Length: 5\r\n", "none keep"},
      // length: faults.md 9
      {"Content-Length:\r\n", "invalid Content-Length"},
      {"Content-Length: -1\r\n", "invalid Content-Length"},
      {"Content-Length: +1\r\n", "invalid Content-Length"},
      {"Content-Length: 1 0\r\n", "invalid Content-Length"},
      {"Content-Length: 0x10\r\n", "invalid Content-Length"},
      {"Content-Length: 1e3\r\n", "invalid Content-Length"},
      {"Content-Length: 5, 5\r\n", "invalid Content-Length"},
      {"Content-Length: 1,0\r\n", "invalid Content-Length"},
      {"Content-Length: 9223372036854775808\r\n", "invalid Content-Length"},
      {"Content-Length: 18446744073709551621\r\n", "invalid Content-Length"},
      {"Content-Length: 99999999999999999999999999\r\n", "invalid Content-Length"},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", "more than one Content-Length"},
      {"Content-Length: 5\r\nA: b\r\nContent-length: 6\r\n", "more than one Content-Length"},
      {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
       "both Content-Length and Transfer-Encoding"},
      {"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
       "both Content-Length and Transfer-Encoding"},
      // codings
      {"Transfer-Encoding:\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: gzip, chunked\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: chunked, chunked\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: chunked,\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: identity\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: xchunked\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: chunked;q=1\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: \"chunked\"\r\n", "unsupported transfer encoding"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
       "unsupported transfer encoding"},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
       "unsupported transfer encoding"},
      // connection
      {"Connection: close\r\n", "none close"},
      {"Connection: Close\r\n", "none close"},
      {"Connection: keep-alive\r\n", "none keep"},
      {"Connection: keep-alive, close\r\n", "none close"},
      {"Connection: upgrade\r\nConnection: foo,,close\r\n", "none close"},
      {"Connection: closed\r\n", "none keep"},
      {"Connection:\r\n", "none keep"},
      // expect
      {"Content-Length: 5\r\nExpect: 100-continue\r\n", "length 5 keep 100"},
      {"Transfer-Encoding: chunked\r\nexpect: 100-Continue\r\n", "chunked keep 100"},
      {"Expect: 100-continue\r\n", "none keep"},
      {"Content-Length: 0\r\nExpect: 100-continue\r\n", "length 0 keep"},
      {"Expect:\r\n", "none keep"},
      {"Expect: 200-ok\r\n", "unknown expectation"},
      {"Expect: 100-continue, x=y\r\n", "unknown expectation"},
      {"Expect: 100-continue\r\nExpect: x\r\n", "unknown expectation"},
  };
  expect_rows(std::begin(rows), std::end(rows), "Host: h\r\n", 1);
}

TEST(Framing, OfHttp10KeepsNothingAliveUnaskedAndRefusesTransferEncoding) {
  const Row rows[] = {
      {"", "none close"},
      {"Host: h\r\n", "none close"},
      {"Connection: keep-alive\r\n", "none keep"},
      {"Connection: Keep-Alive\r\nContent-Length: 5\r\n", "length 5 keep"},
      {"Connection: keep-alive, close\r\n", "none close"},
      {"Transfer-Encoding: chunked\r\n", "Transfer-Encoding in HTTP/1.0"},
      {"Transfer-Encoding: gzip\r\n", "unsupported transfer encoding"},
      {"Content-Length: 5\r\nExpect: 100-continue\r\n", "length 5 close"},
      {"Expect: x\r\n", "none close"},
      {"Host: a\r\nHost: a\r\n", "more than one Host header field"},
      {"Host: a b\r\n", "malformed Host header field"},
  };
  expect_rows(std::begin(rows), std::end(rows), "", 0);
}

TEST(Framing, WantsExactlyOneValidHost) {
  const Row rows[] = {
      {"Host: h\r\n", "none keep"},
      {"hOST: [::1]:80\r\n", "none keep"},
      {"Host:\r\n", "none keep"},
      {"", "missing required Host header field"},
      {"Hosts: h\r\n", "missing required Host header field"},
      {"Host: h\r\nHost: h\r\n", "more than one Host header field"},
      {"Host: a@b\r\n", "malformed Host header field"},
      {"Host: h/p\r\n", "malformed Host header field"},
      {"Host: h:x\r\n", "malformed Host header field"},
      {"Host: \xc3\xa9\r\n", "malformed Host header field"},
  };
  expect_rows(std::begin(rows), std::end(rows), "", 1);
}

TEST(Framing, GivesTheHostAsReceived) {
  HeadParser parser;
  const std::string bytes = "GET / HTTP/1.1\r\nHost:  Example.com:80 \r\n\r\n";
  ASSERT_EQ(parser.parse(bytes), HeadParser::Progress::kComplete);
  EXPECT_EQ(framing_of(parser.head()).value().host, "Example.com:80");
}

TEST(RequestErrors, HaveAStatusAndATextOfTheirOwn) {
  std::string seen;
  for (int i = 0; i <= static_cast<int>(RequestError::kTrailersTooLarge); ++i) {
    const auto error = static_cast<RequestError>(i);
    const int status = status_of(error);
    EXPECT_TRUE(status == 400 || status == 414 || status == 417 || status == 431 || status == 501 ||
                status == 505)
        << i;
    const std::string line = "\n" + std::string(text_of(error)) + "\n";
    EXPECT_EQ(seen.find(line), std::string::npos) << line;
    seen += line;
  }
  EXPECT_EQ(status_of(RequestError::kTargetTooLong), 414);
  EXPECT_EQ(status_of(RequestError::kExpectationFailed), 417);
  EXPECT_EQ(status_of(RequestError::kHeadTooLarge), 431);
  EXPECT_EQ(status_of(RequestError::kTooManyFields), 431);
  EXPECT_EQ(status_of(RequestError::kTrailersTooLarge), 431);
  EXPECT_EQ(status_of(RequestError::kMethodTooLong), 501);
  EXPECT_EQ(status_of(RequestError::kBadTransferEncoding), 501);
  EXPECT_EQ(status_of(RequestError::kVersionNotSupported), 505);
}

TEST(Framing, ARememberedHostIsJudgedAsIfItWasNew) {
  HostMemo hosts;
  const std::string longest(64, 'a');
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(hosts.is_valid("example.com:8080"));
    EXPECT_TRUE(hosts.is_valid("example.com:8080"));
    EXPECT_FALSE(hosts.is_valid("example.com:80800"));
    EXPECT_FALSE(hosts.is_valid("example.com:8080 "));
    EXPECT_FALSE(hosts.is_valid("exam/le.com:8080"));
    EXPECT_TRUE(hosts.is_valid(longest));
    EXPECT_TRUE(hosts.is_valid(longest));
    EXPECT_FALSE(hosts.is_valid(longest.substr(1) + "/"));
    EXPECT_TRUE(hosts.is_valid(longest + "b"));
    EXPECT_FALSE(hosts.is_valid(longest + "/"));
  }
}

}  // namespace
}  // namespace berth::http
