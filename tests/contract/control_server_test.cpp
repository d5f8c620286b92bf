// Where the control socket is made, who can reach it, and how it comes and goes.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "contract/control_fixture.h"

namespace berth {
namespace {

using config::ControlSocket;
using test::RawClient;
using test::Reply;

mode_t mode_of(const std::string& path) {
  struct stat file {};
  EXPECT_EQ(::stat(path.c_str(), &file), 0) << path;
  return file.st_mode & 07777U;
}

struct ControlServing : test::ControlFixture {
  // Another one with the same options.
  [[nodiscard]] auto open_another() {
    return app::ControlServer::open(options, control, *log, base::system_clock());
  }
  void use_default(const std::string& runtime) {
    options.socket = {};
    options.environment = {.runtime_directory = {}, .xdg_runtime_dir = runtime, .user = 1000};
  }
};

TEST_F(ControlServing, TheGroupMayAskAndOthersMayNot_F73) {
  const mode_t before = ::umask(0);
  start();
  ::umask(before);
  EXPECT_EQ(server->path(), folder + "/control.sock");
  EXPECT_EQ(mode_of(server->path()), 0660U);
}

TEST_F(ControlServing, TheDefaultFolderIsMade) {
  use_default(folder);
  const mode_t before = ::umask(0077);
  start();
  ::umask(before);
  EXPECT_EQ(server->path(), folder + "/berth/control.sock");
  EXPECT_EQ(mode_of(folder + "/berth"), 0750U);
  EXPECT_EQ(mode_of(server->path()), 0660U);
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
}

TEST_F(ControlServing, AFolderThatIsThereKeepsItsMode) {
  use_default(folder);
  std::filesystem::create_directory(folder + "/berth");
  std::filesystem::permissions(folder + "/berth", std::filesystem::perms::owner_all);
  start();
  EXPECT_EQ(mode_of(folder + "/berth"), 0700U);
}

TEST_F(ControlServing, OffIsNoSocketAtAll) {
  options.socket.kind = ControlSocket::Kind::kOff;
  start();
  EXPECT_EQ(server->path(), "");
  EXPECT_EQ(log_text(), "");
}

TEST_F(ControlServing, WithoutARuntimeFolderThereIsAWarningAndNoSocket) {
  use_default("");
  start();
  EXPECT_EQ(server->path(), "");
  EXPECT_NE(log_text().find("warn there is no control socket"), std::string::npos) << log_text();
}

TEST_F(ControlServing, ASecondServerDoesNotTakeTheDefaultPathFromTheFirst) {
  use_default(folder);
  start();
  auto second = open_another();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->path(), "");
  EXPECT_TRUE((*second)->start().ok());
  EXPECT_TRUE((*second)->stop());
  EXPECT_NE(log_text().find("another process listens there"), std::string::npos) << log_text();
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
}

TEST_F(ControlServing, AnExplicitPathThatIsTakenIsRefused) {
  options.socket.position = {"berth.yaml", 3, 10};
  start();
  const auto second = open_another();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().position.text(), "berth.yaml:3:10");
  EXPECT_NE(second.error().what.find("another process listens there"), std::string::npos)
      << second.error().what;
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
}

TEST_F(ControlServing, AnExplicitPathThatCannotBeHadIsRefused) {
  for (const std::string& path :
       {folder + "/missing/control.sock", std::string("@abstract"), std::string(200, 'x')}) {
    options.socket.path = path;
    EXPECT_FALSE(open_another().ok()) << path;
  }
  options.socket.path = folder + "/log";
  const auto refused = open_another();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("a file that is no socket"), std::string::npos)
      << refused.error().what;
}

TEST_F(ControlServing, ADeadSocketIsReplaced) {
  auto first = open_another();
  ASSERT_TRUE(first.ok());
  const std::string kept = folder + "/kept";
  std::filesystem::rename(folder + "/control.sock", kept);
  first->reset();
  std::filesystem::rename(kept, folder + "/control.sock");
  start();
  EXPECT_EQ(ask("GET", "/v1/status").status, 200);
}

TEST_F(ControlServing, AStopAnswersWhomItHasBegunWith) {
  start();
  RawClient idle = connect();
  idle.send("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(idle.read_reply().status, 200);
  control.close();
  RawClient busy = connect();
  busy.send("POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
  control.wait_for_waiting(1);
  control.set_report(test::refused_report());
  std::thread stopping([this] { EXPECT_TRUE(server->stop()); });
  EXPECT_TRUE(idle.closed_in_silence());
  EXPECT_FALSE(std::filesystem::exists(folder + "/control.sock"));
  control.open();
  const Reply reply = busy.read_reply();
  EXPECT_EQ(reply.status, 409);
  EXPECT_TRUE(reply.says_close());
  stopping.join();
  EXPECT_TRUE(server->stop());
}

}  // namespace
}  // namespace berth
