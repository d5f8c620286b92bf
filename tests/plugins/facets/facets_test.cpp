// Each facet through the C++ face and the Recorder.
#include <berth/testing.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using berth::testing::map;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

const std::vector<std::string> kNone;

TEST(Flusher, SendsWhatIsWrittenBeforeTheRest) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("flusher"));
  const auto response =
      recorder.serve(RequestSpec("POST", "/").body("body").with_flusher().with_controller());
  EXPECT_EQ(response.body, "ready;body");
  EXPECT_EQ(response.flushes, std::vector<std::size_t>{6});
  EXPECT_TRUE(response.full_duplex);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Hijacker, ReadsTheGivenPiecesAndKeepsWhatIsWritten) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hijacker"));
  const std::string large(100, 'x');  // more than one read of the handler takes
  const auto response = recorder.serve(RequestSpec("GET", "/").with_connection({"a", "", large}));
  ASSERT_NE(response.connection, nullptr);
  EXPECT_EQ(response.connection->written(), "a" + large + "goodbye\n");
  EXPECT_TRUE(response.connection->closed());
  EXPECT_EQ(response.connection->read_timeouts(), (std::vector<std::int32_t>{-1, -1, -1, -1}));
  EXPECT_EQ(response.connection->write_timeouts().back(), 10000);
  EXPECT_EQ(response.status, 0) << "the host answers nothing";
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Hijacker, EndsAsTheClientDoes) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hijacker"));
  const auto timeout =
      recorder.serve(RequestSpec("GET", "/").with_connection({"a"}, BERTH_E_TIMEOUT));
  EXPECT_EQ(timeout.connection->written(), "a");
  EXPECT_EQ(timeout.result, BERTH_E_TIMEOUT);
  EXPECT_TRUE(timeout.connection->closed());
  const auto gone = recorder.serve(
      RequestSpec("GET", "/").with_connection({"ab", "c"}).write_fails_after(2, BERTH_E_CLOSED));
  EXPECT_EQ(gone.connection->written(), "ab");
  EXPECT_EQ(gone.result, BERTH_E_CLOSED);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Hijacker, IsTooLateOnceTheHeadIsCommitted) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hijacker"));
  const auto response = recorder.serve(RequestSpec("GET", "/?late").with_connection({}));
  EXPECT_EQ(response.connection, nullptr);
  EXPECT_EQ(response.result, BERTH_E_STATE);
  EXPECT_EQ(recorder.misuse(), std::vector<std::string>{"hijack after the head"});
}

TEST(Hijacker, MayFindNoThreadToWaitOn) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hijacker"));
  const auto response = recorder.serve(RequestSpec("GET", "/").hijack_fails(BERTH_E_FAILED));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Controller, DeadlinesAreNanosecondsOfTheSteadyClock) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("controller"));
  const auto response = recorder.serve(RequestSpec("POST", "/?lifted").body("b").with_controller());
  EXPECT_EQ(response.body, "b");
  ASSERT_EQ(response.read_deadlines.size(), 2U);
  EXPECT_GT(response.read_deadlines[0], 0);
  EXPECT_EQ(response.read_deadlines[1], 0);
  ASSERT_EQ(response.write_deadlines.size(), 1U);
  EXPECT_GE(response.write_deadlines[0] - response.read_deadlines[0], 3'600'000'000'000);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST(Facets, AreNotOfferedWhereTheRequestHasThemNot) {
  for (const std::string kind : {"flusher", "hijacker", "controller"}) {
    Recorder recorder;
    ASSERT_TRUE(recorder.mount(kind));
    EXPECT_NE(recorder.serve(RequestSpec("GET", "/")).result, BERTH_OK) << kind;
    ASSERT_EQ(recorder.log().size(), 1U) << kind;
    EXPECT_EQ(recorder.log()[0].message, "not offered: berth." + kind + "/1");
  }
}

struct FileSender : ::testing::Test {
  FileSender() {
    path = ::testing::TempDir() + "berth-facets-" + std::to_string(::getpid());
    std::ofstream(path) << std::string(5000, 'a') << "the middle" << std::string(5000, 'z');
  }
  ~FileSender() override { std::filesystem::remove(path); }
  RecordedResponse serve(RequestSpec request) {
    if (!recorder.mount("file_sender", map({{"file", path}}))) ADD_FAILURE();
    return recorder.serve(request.with_file_sender());
  }

  std::string path;
  Recorder recorder;
};

TEST_F(FileSender, AppendsAPartOfTheFile) {
  const auto response = serve({"GET", "/?offset=5000&size=10"});
  EXPECT_EQ(response.body, "begin;the middle;end");
  ASSERT_EQ(response.files.size(), 1U);
  EXPECT_EQ(response.files[0].offset, 5000);
  EXPECT_EQ(response.files[0].size, 10);
  EXPECT_EQ(serve({"GET", "/?offset=0&size=10010"}).body.size(), 10020U);
  EXPECT_EQ(serve({"GET", "/?offset=7&size=0"}).body, "begin;;end");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST_F(FileSender, CountsForHeadWithoutReading) {
  EXPECT_EQ(serve({"HEAD", "/?offset=0&size=999999"}).body, "");
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST_F(FileSender, CutsWhereTheFileIsShorter) {
  const auto response = serve({"GET", "/?offset=10000&size=11"});
  EXPECT_EQ(response.body, "begin;" + std::string(10, 'z'));
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(response.result, BERTH_E_FAILED);
  EXPECT_EQ(recorder.misuse(), kNone);
}

TEST_F(FileSender, FailsWhereTheClientIsGone) {
  const auto response =
      serve(RequestSpec("GET", "/?offset=0&size=100").write_fails_after(50, BERTH_E_CLOSED));
  EXPECT_EQ(response.body, "begin;");
  EXPECT_EQ(response.result, BERTH_E_CLOSED);
}

TEST_F(FileSender, NotesArgumentsOutOfRange) {
  EXPECT_EQ(serve({"GET", "/?offset=-1&size=1"}).result, BERTH_E_INVALID);
  EXPECT_EQ(serve({"GET", "/?offset=1&size=-1"}).result, BERTH_E_INVALID);
  EXPECT_EQ(recorder.misuse(), (std::vector<std::string>{"send_file of \"offset\" is negative",
                                                         "send_file of \"size\" is negative"}));
}

}  // namespace
