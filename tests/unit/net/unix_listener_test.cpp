#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "net/acceptor.h"
#include "net/listener.h"
#include "net/socket_name.h"
#include "unit/net/loopback.h"

namespace berth::net {
namespace {

namespace fs = std::filesystem;

base::Descriptor connected(const UnixAddress& address) {
  base::Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(client.get(), address.data(), address.size()) != 0) client.reset();
  return client;
}

class UnixListener : public ::testing::Test {
 protected:
  UnixListener() {
    std::string pattern = ::testing::TempDir() + "berth-unix-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ + "/http.sock";
  }
  ~UnixListener() override { fs::remove_all(folder_); }

  [[nodiscard]] UnixListenerOptions options(mode_t mode = 0660) const {
    return {.name = "local", .address = UnixAddress::parse(path_).value(), .mode = mode};
  }
  [[nodiscard]] auto open() const { return Listener::open(options()); }
  [[nodiscard]] bool answers() const { return static_cast<bool>(connected(options().address)); }
  [[nodiscard]] mode_t mode() const {
    struct stat file {};
    EXPECT_EQ(::lstat(path_.c_str(), &file), 0);
    EXPECT_TRUE(S_ISSOCK(file.st_mode));
    return file.st_mode & 07777;
  }
  // A socket of a process that died: bound, and nobody listens.
  void leave_dead_socket() const {
    const base::Descriptor dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const UnixAddress address = options().address;
    ASSERT_EQ(::bind(dead.get(), address.data(), address.size()), 0);
  }
  // What opening says where it must not succeed.
  [[nodiscard]] ListenError refusal() const {
    auto listener = open();
    if (!listener) return std::move(listener).error();
    ADD_FAILURE() << "it listens at " << listener->text();
    return {};
  }
  [[nodiscard]] std::string cannot() const {
    return "listener \"local\": cannot listen at unix:" + path_ + ": ";
  }

  std::string folder_;
  std::string path_;
};

TEST_F(UnixListener, AcceptsAtItsPathAndShowsBothEnds) {
  auto listener = open();
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  EXPECT_EQ(listener->text(), "unix:" + path_);
  EXPECT_TRUE(listener->address().is_unix());
  EXPECT_NE(::fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(listener->fd(), F_GETFL) & O_NONBLOCK, 0);
  const base::Descriptor client = connected(options().address);
  ASSERT_TRUE(client);
  Acceptor acceptor;
  const AcceptOutcome outcome = acceptor.accept(listener->fd(), testing::soon());
  ASSERT_EQ(outcome.status, AcceptStatus::kAccepted);
  std::array<char, RawAddress::kMaxText> buffer{};
  EXPECT_EQ(outcome.peer.text(buffer), "unix:");
  EXPECT_EQ(outcome.peer.host(buffer), "unix:");
  EXPECT_EQ(outcome.peer.port(), 0);
  EXPECT_FALSE(outcome.peer.has_credentials());
  EXPECT_EQ(socket_name(outcome.descriptor.get()), "unix:" + path_);
}

TEST_F(UnixListener, TellsWhoTheClientIsEvenOnceItIsGone) {
  auto listener = open();
  ASSERT_TRUE(listener.ok());
  base::Descriptor client = connected(options().address);
  Acceptor acceptor;
  const AcceptOutcome outcome = acceptor.accept(listener->fd(), testing::soon());
  ASSERT_EQ(outcome.status, AcceptStatus::kAccepted);
  client.reset();
  const RawAddress peer = RawAddress::unix_peer_of(outcome.descriptor.get());
  EXPECT_TRUE(peer.is_unix());
  EXPECT_TRUE(peer.has_credentials());
  EXPECT_EQ(peer.port(), 0);
  EXPECT_EQ(peer.size(), 0U);
  const std::string expected = "unix:uid=" + std::to_string(::geteuid()) +
                               ",gid=" + std::to_string(::getegid()) +
                               ",pid=" + std::to_string(::getpid());
  EXPECT_EQ(peer.text(), expected);
  std::array<char, RawAddress::kMaxText> buffer{};
  EXPECT_EQ(peer.host(buffer), expected);
}

TEST_F(UnixListener, WhatHasNoClientHasNoCredentials) {
  const base::Descriptor alone(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (const int fd : {alone.get(), -1}) {
    const RawAddress peer = RawAddress::unix_peer_of(fd);
    EXPECT_TRUE(peer.is_unix());
    EXPECT_FALSE(peer.has_credentials());
    EXPECT_EQ(peer.text(), "unix:");
  }
}

TEST_F(UnixListener, GivesTheModeWhateverTheUmaskIs) {
  for (const mode_t mask : {0U, 022U, 0777U}) {
    for (const mode_t wanted : {0600U, 0660U, 0666U, 0770U}) {
      const mode_t before = ::umask(mask);
      auto listener = Listener::open(options(wanted));
      ::umask(before);
      ASSERT_TRUE(listener.ok()) << listener.error().text;
      EXPECT_EQ(mode(), wanted);
    }
  }
}

TEST_F(UnixListener, RemovesItsPathAndNobodyElses) {
  {
    auto listener = open();
    ASSERT_TRUE(listener.ok());
    listener->withdraw();
    EXPECT_FALSE(fs::exists(path_));
    const auto second = open();  // the next server, while this one drains
    ASSERT_TRUE(second.ok());
    listener->withdraw();
    listener->close();
    EXPECT_TRUE(answers());
  }
  EXPECT_FALSE(fs::exists(path_));

  auto listener = open();
  ASSERT_TRUE(listener.ok());
  fs::remove(path_);
  std::ofstream(path_) << "a file of somebody's";
  listener->close();
  EXPECT_TRUE(fs::is_regular_file(path_));
}

TEST_F(UnixListener, WithdrawnItStillAcceptsWhatIsQueued) {
  auto listener = open();
  ASSERT_TRUE(listener.ok());
  const base::Descriptor client = connected(options().address);
  ASSERT_TRUE(client);
  listener->withdraw();
  EXPECT_FALSE(answers());
  Acceptor acceptor;
  EXPECT_EQ(acceptor.accept(listener->fd(), testing::soon()).status, AcceptStatus::kAccepted);
}

TEST_F(UnixListener, TakesTheMovedPathAlong) {
  auto first = open();
  ASSERT_TRUE(first.ok());
  {
    Listener second = std::move(*first);
    EXPECT_TRUE(answers());
    first->close();
    EXPECT_TRUE(answers());
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(UnixListener, ReplacesASocketNobodyListensOn) {
  leave_dead_socket();
  ASSERT_TRUE(fs::is_socket(path_));
  const auto listener = open();
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  EXPECT_TRUE(answers());
}

TEST_F(UnixListener, RefusesWhereSomebodyListens) {
  const auto first = open();
  ASSERT_TRUE(first.ok());
  const ListenError error = refusal();
  EXPECT_EQ(error.code, base::ErrorCode::kAlreadyInUse);
  EXPECT_EQ(error.text, cannot() + "another process listens there");
  EXPECT_EQ(error.help, "`ss -lxp src " + path_ + "` as root shows which");
  EXPECT_TRUE(answers());
}

TEST_F(UnixListener, RefusesWhereSomebodyListensWhoseBacklogIsFull) {
  UnixListenerOptions one = options();
  one.backlog = 0;
  const auto first = Listener::open(one);
  ASSERT_TRUE(first.ok());
  const base::Descriptor client = connected(one.address);  // a backlog of 0 holds one
  EXPECT_EQ(refusal().text, cannot() + "another process listens there");
}

TEST_F(UnixListener, RefusesWhereASocketOfAnotherTypeIs) {
  const base::Descriptor datagram(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const UnixAddress address = options().address;
  ASSERT_EQ(::bind(datagram.get(), address.data(), address.size()), 0);
  EXPECT_EQ(refusal().text, cannot() + "another process has a socket of another type there");
  EXPECT_TRUE(fs::is_socket(path_));
}

TEST_F(UnixListener, RemovesNothingButSockets) {
  std::ofstream(path_) << "precious";
  EXPECT_EQ(refusal().text, cannot() + "there is a file that is no socket");
  EXPECT_EQ(fs::file_size(path_), 8U);
  fs::remove(path_);
  fs::create_directory(path_);
  EXPECT_EQ(refusal().text, cannot() + "there is a folder");
  fs::remove(path_);
  // Not even a link to a dead socket.
  leave_dead_socket();
  fs::rename(path_, folder_ + "/elsewhere");
  fs::create_symlink(folder_ + "/elsewhere", path_);
  EXPECT_EQ(refusal().text, cannot() + "there is a symbolic link");
  EXPECT_TRUE(fs::is_socket(folder_ + "/elsewhere"));
}

TEST_F(UnixListener, NamesTheFolderThatIsMissing) {
  path_ = folder_ + "/missing/http.sock";
  const ListenError error = refusal();
  EXPECT_EQ(error.code, base::ErrorCode::kNotFound);
  EXPECT_EQ(error.text, cannot() + "bind: No such file or directory");
  EXPECT_EQ(error.help,
            "make the folder " + folder_ + "/missing first, as systemd does for RuntimeDirectory=");
}

TEST(AbstractListener, TakesItsNameAloneAndMakesNoFile) {
  const std::string name = "@berth-test-" + std::to_string(::getpid());
  const UnixListenerOptions options{.name = "local", .address = UnixAddress::parse(name).value()};
  {
    const auto first = Listener::open(options);
    ASSERT_TRUE(first.ok()) << first.error().text;
    EXPECT_EQ(first->text(), "unix:" + name);
    EXPECT_TRUE(connected(options.address));
    EXPECT_FALSE(fs::exists(name));
    const auto second = Listener::open(options);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, base::ErrorCode::kAlreadyInUse);
    EXPECT_EQ(second.error().text,
              "listener \"local\": cannot listen at unix:" + name + ": Address already in use");
  }
  EXPECT_TRUE(Listener::open(options).ok());
}

TEST(UnixAddress, TakesWhatTheKernelTakes) {
  const std::string longest(UnixAddress::kMaxBytes, 'a');
  for (const std::string& text : {std::string("/a"), std::string("a"), longest, "@" + longest}) {
    const auto address = UnixAddress::parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->text(), text);
    EXPECT_EQ(address->is_abstract(), text.front() == '@');
    EXPECT_LE(address->size(), sizeof(sockaddr_un));
  }
  const std::array<std::pair<std::string, std::string>, 5> rows{{
      {"", "no path and no name"},
      {"@", "no path and no name"},
      {std::string("/a\0b", 4), "has a NUL in it"},
      {longest + "a", "has 108 bytes, 107 are possible"},
      {"@a" + longest, "has 108 bytes, 107 are possible"},
  }};
  for (const auto& [text, reason] : rows) {
    const auto address = UnixAddress::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_TRUE(address.error().text.ends_with(reason)) << address.error().text;
  }
}

TEST(SocketName, IsThatOfAnySocket) {
  const auto tcp = Listener::open(testing::loopback());
  ASSERT_TRUE(tcp.ok());
  EXPECT_EQ(socket_name(tcp->fd()), tcp->address().text());
  const base::Descriptor nameless(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(socket_name(nameless.get()), "unix:");
  EXPECT_EQ(socket_name(-1), "-");
}

}  // namespace
}  // namespace berth::net
