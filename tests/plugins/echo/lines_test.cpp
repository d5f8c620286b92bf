#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using berth::testing::Complaint;
using berth::testing::map;
using berth::testing::Node;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

const std::vector<std::string> kNone;

RequestSpec with(std::vector<std::string> input, std::int32_t end = BERTH_OK) {
  return RequestSpec("GET", "/").with_connection(std::move(input), end);
}

// What came behind the head.
std::string lines_of(const RecordedResponse& response) {
  if (response.connection == nullptr) return "not hijacked";
  const std::string written = response.connection->written();
  const std::size_t head = written.find("\r\n\r\n");
  return head == std::string::npos ? "no head" : written.substr(head + 4);
}

struct EchoLines : ::testing::Test {
  std::string talk(std::vector<std::string> input, Node config = map({})) {
    if (!recorder.mount("lines", std::move(config))) ADD_FAILURE() << "not made";
    return lines_of(recorder.serve(with(std::move(input))));
  }
  ~EchoLines() override { EXPECT_EQ(recorder.misuse(), kNone); }

  Recorder recorder;
};

TEST_F(EchoLines, SendsEachLineBackAndSaysGoodbye) {
  EXPECT_EQ(talk({"one\n", "two\r\n", "\n"}), "one\ntwo\r\n\ngoodbye\n");
  EXPECT_EQ(talk({}), "goodbye\n");
}

TEST_F(EchoLines, HoweverTheirBytesCome) {
  EXPECT_EQ(talk({"o", "ne\ntw", "o\nthree\n"}), "one\ntwo\nthree\ngoodbye\n");
  EXPECT_EQ(talk({std::string("a\0b\xff\n", 5)}), std::string("a\0b\xff\n", 5) + "goodbye\n");
}

TEST_F(EchoLines, AnswersOnlyWholeLinesUntilTheEnd) {
  EXPECT_EQ(talk({"one\ntwo"}), "one\ntwo\ngoodbye\n");
}

TEST_F(EchoLines, BeginsAsAnAnswerToHttp) {
  ASSERT_TRUE(recorder.mount("lines"));
  const auto response = recorder.serve(with({"<script>\n"}));
  const std::string written = response.connection->written();
  for (const char* line :
       {"HTTP/1.1 200 OK\r\n", "\r\nDate: ", " GMT\r\n", "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nContent-Type: text/plain; charset=utf-8\r\n", "\r\nConnection: close\r\n"}) {
    EXPECT_NE(written.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(response.status, 0);
  EXPECT_TRUE(response.connection->closed());
}

TEST_F(EchoLines, BoundsALine) {
  const Node config = map({{"max_line", "16B"}});
  const std::string most(15, 'x');
  EXPECT_EQ(talk({most + "\n"}, config), most + "\ngoodbye\n");
  const std::string refusal = "that line is too long, goodbye\n";
  EXPECT_EQ(talk({"ok\n" + most + "x\n"}, config), "ok\n" + refusal);
  EXPECT_EQ(talk({"ok\n", most, "xx", "never read"}, config), "ok\n" + refusal);
  EXPECT_EQ(talk({std::string(4096, 'x') + "\n"}), refusal) << "4KiB where nothing is said";
}

TEST_F(EchoLines, EndsAfterASilence) {
  ASSERT_TRUE(recorder.mount("lines", map({{"idle", "1s500ms"}})));
  const auto response = recorder.serve(with({"one\n"}, BERTH_E_TIMEOUT));
  EXPECT_EQ(lines_of(response), "one\nnothing came for too long, goodbye\n");
  EXPECT_EQ(response.connection->read_timeouts(), (std::vector<std::int32_t>{1500, 1500}));
  EXPECT_EQ(response.result, BERTH_OK);
  ASSERT_TRUE(recorder.mount("lines"));
  EXPECT_EQ(recorder.serve(with({})).connection->read_timeouts(), std::vector<std::int32_t>{60000});
}

TEST_F(EchoLines, EndsInSilenceWhereTheClientIsGone) {
  ASSERT_TRUE(recorder.mount("lines"));
  const auto response = recorder.serve(with({"one\n"}, BERTH_E_CLOSED));
  EXPECT_EQ(lines_of(response), "one\n");
  EXPECT_TRUE(response.connection->closed());
  EXPECT_EQ(response.result, BERTH_E_CLOSED);
}

TEST_F(EchoLines, IsRefusedWhereItCannotBe) {
  ASSERT_TRUE(recorder.mount("lines"));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).status, 501);
  const auto busy = recorder.serve(RequestSpec("GET", "/").hijack_fails(BERTH_E_FAILED));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.header("Retry-After"), "1");
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/").hijack_fails(BERTH_E_TIMEOUT)).status, 408);
}

TEST_F(EchoLines, ItsConfigurationIsBounded) {
  const struct {
    Node config;
    Complaint complaint;
  } rows[] = {
      {map({{"max_line", "15B"}}), {"max_line", "max_line: expected 16B to 1MiB"}},
      {map({{"max_line", "2MiB"}}), {"max_line", "max_line: expected 16B to 1MiB"}},
      {map({{"idle", "25h"}}), {"idle", "idle: expected 1ms to 24h"}},
      {map({{"idel", "1s"}}), {"(key) idel", "unknown key \"idel\" (did you mean \"idle\"?)"}},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(recorder.mount("lines", row.config));
    EXPECT_EQ(recorder.complaints(), std::vector<Complaint>{row.complaint});
  }
}

}  // namespace
