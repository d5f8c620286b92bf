#include "net/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "net/plain_stream.h"
#include "unit/net/loopback.h"

namespace berth::net {
namespace {

using namespace std::chrono_literals;
using testing::connect_to;
using testing::loopback;

constexpr base::TimePoint kStart{1h};

// What the fake accept4 answers, in order: 0 is a connection, else an errno.
class Script {
 public:
  static void set(std::deque<int> answers) { answers_ = std::move(answers); }
  static std::size_t left() { return answers_.size(); }
  static int accept(int, sockaddr*, socklen_t* size, int flags) {
    EXPECT_EQ(flags, SOCK_NONBLOCK | SOCK_CLOEXEC);
    *size = 0;
    const int answer = answers_.empty() ? EAGAIN : answers_.front();
    if (!answers_.empty()) answers_.pop_front();
    if (answer == 0) return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = answer;
    return -1;
  }

 private:
  static inline std::deque<int> answers_;
};

// Lowers the soft limit so that no further descriptor can be opened, while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    for (;;) {
      base::Descriptor filler(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      rlimit limit = before_;
      limit.rlim_cur = static_cast<rlim_t>(filler.get()) + 1;
      EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      fillers_.push_back(std::move(filler));
      base::Descriptor one_more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!one_more) break;
      fillers_.push_back(std::move(one_more));
    }
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  ~NoDescriptors() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
  std::vector<base::Descriptor> fillers_;
};

TEST(Acceptor, TakesAConnectionNonBlockingAndCloseOnExecWithItsPeer) {
  const auto listener = Listener::open(loopback());
  ASSERT_TRUE(listener.ok());
  Acceptor acceptor;
  EXPECT_EQ(acceptor.accept(listener->fd(), kStart).status, AcceptStatus::kNothing);
  const base::Descriptor client = connect_to(listener->address());
  ASSERT_EQ(wait_readable(listener->fd(), testing::soon()), WaitResult::kReady);
  const AcceptOutcome outcome = acceptor.accept(listener->fd(), kStart);
  ASSERT_EQ(outcome.status, AcceptStatus::kAccepted);
  EXPECT_NE(::fcntl(outcome.descriptor.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(outcome.descriptor.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(outcome.peer.text(), RawAddress::local_of(client.get()).text());
  EXPECT_EQ(acceptor.accept(listener->fd(), kStart).status, AcceptStatus::kNothing);
}

TEST(Acceptor, WithoutDescriptorsItShedsThroughTheSpareOne) {
  const auto listener = Listener::open(loopback());
  ASSERT_TRUE(listener.ok());
  const base::Descriptor first = connect_to(listener->address());
  const base::Descriptor second = connect_to(listener->address());
  Acceptor acceptor;
  ASSERT_TRUE(acceptor.has_spare());
  {
    NoDescriptors full;
    for (const int client : {first.get(), second.get()}) {
      AcceptOutcome outcome = acceptor.accept(listener->fd(), kStart);
      ASSERT_EQ(outcome.status, AcceptStatus::kShed);
      EXPECT_EQ(outcome.error, EMFILE);
      EXPECT_EQ(outcome.log, client == first.get());
      EXPECT_FALSE(acceptor.has_spare());
      EXPECT_EQ(::send(outcome.descriptor.get(), "busy", 4, MSG_NOSIGNAL), 4);
      outcome.descriptor.reset();
      std::array<char, 8> reply{};
      EXPECT_EQ(::recv(client, reply.data(), reply.size(), 0), 4);
    }
    // accept4 says EMFILE for an empty backlog as well.
    const AcceptOutcome empty = acceptor.accept(listener->fd(), kStart);
    EXPECT_EQ(empty.status, AcceptStatus::kNothing);
    EXPECT_FALSE(empty.log);
    EXPECT_FALSE(empty.descriptor);
    EXPECT_TRUE(acceptor.has_spare());
  }
  const base::Descriptor third = connect_to(listener->address());
  ASSERT_EQ(wait_readable(listener->fd(), testing::soon()), WaitResult::kReady);
  EXPECT_EQ(acceptor.accept(listener->fd(), kStart).status, AcceptStatus::kAccepted);
}

TEST(Acceptor, ThePauseComesWhenNothingCanBeShed) {
  Acceptor acceptor(&Script::accept);
  Script::set({EMFILE, EMFILE, EMFILE, EMFILE, 0, ENFILE, EMFILE});
  AcceptOutcome outcome = acceptor.accept(0, kStart);
  EXPECT_EQ(outcome.status, AcceptStatus::kPause);
  EXPECT_EQ(outcome.error, EMFILE);
  EXPECT_EQ(outcome.pause, 5ms);
  EXPECT_TRUE(outcome.log);
  outcome = acceptor.accept(0, kStart + 5ms);
  EXPECT_EQ(outcome.pause, 10ms);
  EXPECT_TRUE(outcome.log);
  EXPECT_EQ(acceptor.accept(0, kStart + 15ms).status, AcceptStatus::kAccepted);
  outcome = acceptor.accept(0, kStart + 15ms);
  EXPECT_EQ(outcome.error, ENFILE);
  EXPECT_EQ(outcome.pause, 5ms);  // reset by the success
  EXPECT_TRUE(acceptor.has_spare());
}

TEST(Acceptor, ErrorsOfSingleConnectionsAreSteppedOver) {
  Acceptor acceptor(&Script::accept);
  Script::set({ECONNABORTED, EINTR, EPROTO, 0, ECONNABORTED, EAGAIN});
  EXPECT_EQ(acceptor.accept(0, kStart).status, AcceptStatus::kAccepted);
  const AcceptOutcome outcome = acceptor.accept(0, kStart);
  EXPECT_EQ(outcome.status, AcceptStatus::kNothing);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_EQ(Script::left(), 0U);
}

TEST(Acceptor, AListenerThatIsGoneIsReported) {
  Acceptor acceptor;
  const AcceptOutcome outcome = acceptor.accept(-1, kStart);
  EXPECT_EQ(outcome.status, AcceptStatus::kFailed);
  EXPECT_EQ(outcome.error, EBADF);
  EXPECT_TRUE(outcome.log);
}

}  // namespace
}  // namespace berth::net
