// What plugins and clients bring into the log: one line for each event, printable whatever it is.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

std::string with_trouble(std::string_view more = {}) {
  return std::string(kListen)
      .append("plugins:\n  trouble: { file: " BERTH_TROUBLE_PLUGIN
              " }\n  hello: { file: hello.so }\n")
      .append("routes:\n")
      .append("  - { pattern: \"GET /throw/{name}\", handler: trouble.throws }\n")
      .append("  - { pattern: \"GET /hello/{name}\", handler: hello.hello }\n")
      .append(more);
}

std::string throw_for(const std::string& name) {
  return "GET /throw/" + name + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(Log, AHandlerThatThrowsCostsOneRequestAndIsTold) {
  Host host(with_trouble());
  RawClient client = host.connect();
  client.send(throw_for("one"));
  EXPECT_EQ(client.read_reply().status, 500);
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  const std::string log = host.stop();
  EXPECT_NE(log.find("thrown for one"), std::string::npos) << log;
  EXPECT_NE(log.find("plugin=trouble"), std::string::npos) << log;
  EXPECT_NE(log.find("route=\"GET /throw/{name}\""), std::string::npos) << log;
}

TEST(Log, ASecondStatusIsIgnoredAndToldWithItsRoute_G63) {
  Host host(with_trouble("  - { pattern: \"GET /twice\", handler: trouble.twice }\n"));
  RawClient client = host.connect();
  client.send("GET /twice HTTP/1.1\r\nHost: h\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 202);
  EXPECT_EQ(reply.body, "the first one\n");
  const std::string log = host.stop();
  EXPECT_EQ(count(log, "a second status was ignored"), 1U) << log;
  EXPECT_NE(log.find("plugin=trouble route=\"GET /twice\" status=500 first=202"), std::string::npos)
      << log;
}

TEST(Log, WhatAClientSendsBreaksNoLine) {
  Host host(with_trouble());
  const std::string names[] = {
      "a%0Ab",
      "a%0D%0A2026-01-02T03:04:05.678Z%20error%20forged",
      "%1B%5B31mred",
      "%C2%9B31m",
      "%E2%80%AE",
      "%FF%FE",
      "%7F",
      "a%22b%5C",
      std::string(4000, 'x'),
  };
  for (const std::string& name : names) {
    SCOPED_TRACE(name.substr(0, 40));
    RawClient client = host.connect();
    client.send(throw_for(name));
    EXPECT_EQ(client.read_reply().status, 500);
  }
  const std::string log = host.stop();  // which looks at every line
  EXPECT_EQ(count(log, "thrown for "), std::size(names)) << log;
  EXPECT_EQ(count(log, "\n2026-01-02T03:04:05.678Z"), 0U) << log;
}

TEST(Log, EachRequestIsOneLineOfTheAccessLog) {
  Host host(with_trouble());
  const std::string requests[] = {
      "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /hello/%22%0A%5C HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /throw/x HTTP/1.1\r\nHost: h\r\nReferer: \"a\" \xff\xfe \\\r\n\r\n",
      "GET /nothing HTTP/1.1\r\nHost: h\r\nUser-Agent: \xe2\x80\xae\tx\r\n\r\n",
  };
  for (const std::string& request : requests) {
    RawClient client = host.connect();
    client.send(request);
    EXPECT_NE(client.read_reply().status, 0);
  }
  (void)host.stop();
  const auto lines = expect_printable_lines(host.child().out());
  ASSERT_EQ(lines.size(), std::size(requests)) << host.child().out();
  for (const std::string_view line : lines) {
    EXPECT_TRUE(line.starts_with("127.0.0.1 - - [") && line.ends_with('"')) << line;
  }
}

TEST(Log, JsonLinesAreWholeToo) {
  Host host(with_trouble("log: { format: json }\n"));
  RawClient client = host.connect();
  client.send(throw_for("a%0A%22b"));
  EXPECT_EQ(client.read_reply().status, 500);
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
  const std::string& log = host.child().err();
  for (std::size_t at = 0; at < log.size();) {
    const std::size_t end = log.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const std::string line = log.substr(at, end - at);
    const auto object = Poco::JSON::Parser().parse(line).extract<Poco::JSON::Object::Ptr>();
    EXPECT_TRUE(object->has("time") && object->has("level") && object->has("message")) << line;
    at = end + 1;
  }
}

}  // namespace
}  // namespace berth::e2e
