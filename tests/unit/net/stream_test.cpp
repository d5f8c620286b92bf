#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <Poco/Net/StreamSocketImpl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/plain_stream.h"
#include "unit/net/loopback.h"

namespace berth::net {
namespace {

using testing::connect_to;
using testing::loopback;
using testing::soon;

using Kind = IoResult::Kind;

class PlainStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listener = Listener::open(loopback());
    ASSERT_TRUE(listener.ok());
    client_ = connect_to(listener->address());
    ASSERT_EQ(wait_readable(listener->fd(), soon()), WaitResult::kReady);
    base::Descriptor accepted(
        ::accept4(listener->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    ASSERT_TRUE(accepted);
    stream_ = std::make_unique<PlainStream>(std::move(accepted));
  }

  IoResult read_soon() {
    EXPECT_EQ(wait_readable(stream_->fd(), soon()), WaitResult::kReady);
    return stream_->read(buffer_);
  }
  std::string client_reads(std::size_t size) {
    std::string text(size, '\0');
    const ssize_t got = ::recv(client_.get(), text.data(), size, MSG_WAITALL);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }
  // A reset instead of FIN, and its arrival.
  void client_resets() {
    const linger hard{1, 0};
    ::setsockopt(client_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    client_.reset();
    EXPECT_EQ(wait_readable(stream_->fd(), soon()), WaitResult::kReady);
  }

  base::Descriptor client_;
  std::unique_ptr<Stream> stream_;
  std::array<char, 4096> buffer_{};
};

TEST_F(PlainStreamTest, ReadsWhatIsThereThenWouldBlock) {
  EXPECT_EQ(stream_->read(buffer_).kind, Kind::kWouldBlock);
  ASSERT_EQ(::send(client_.get(), "hello", 5, 0), 5);
  const IoResult got = read_soon();
  ASSERT_EQ(got.kind, Kind::kBytes);
  EXPECT_EQ(std::string_view(buffer_.data(), got.bytes), "hello");
  EXPECT_EQ(stream_->read(buffer_).kind, Kind::kWouldBlock);
}

TEST_F(PlainStreamTest, FinIsTheEndOfReadingOnly) {
  ::shutdown(client_.get(), SHUT_WR);
  EXPECT_EQ(read_soon().kind, Kind::kEnd);
  EXPECT_EQ(stream_->write("late").bytes, 4U);
  EXPECT_EQ(client_reads(4), "late");
}

TEST_F(PlainStreamTest, AResetIsAnErrorForReadAndWriteAndNoSignal) {
  client_resets();
  const IoResult read = stream_->read(buffer_);
  EXPECT_EQ(read.kind, Kind::kError);
  EXPECT_EQ(read.error, ECONNRESET);
  ASSERT_EQ(::signal(SIGPIPE, SIG_DFL) == SIG_ERR, false);
  const IoResult written = stream_->write("x");
  EXPECT_EQ(written.kind, Kind::kError);
  EXPECT_EQ(written.error, EPIPE);
}

TEST_F(PlainStreamTest, WritesPartsInOrder) {
  std::string head = "head ";
  std::string body = "body";
  const std::array<iovec, 3> parts{iovec{head.data(), head.size()}, iovec{nullptr, 0},
                                   iovec{body.data(), body.size()}};
  EXPECT_EQ(stream_->write(parts).bytes, 9U);
  EXPECT_EQ(client_reads(9), "head body");
  EXPECT_EQ(stream_->write(std::span<const iovec>()).kind, Kind::kBytes);
  EXPECT_EQ(stream_->write(std::string_view()).bytes, 0U);
}

TEST_F(PlainStreamTest, MorePartsThanTheKernelTakesAreLeftToTheCaller) {
  std::string byte = "b";
  const std::vector<iovec> parts(2000, iovec{byte.data(), 1});
  const IoResult written = stream_->write(parts);
  ASSERT_EQ(written.kind, Kind::kBytes);
  EXPECT_EQ(written.bytes, 1024U);
}

TEST_F(PlainStreamTest, AFullSocketTakesAPrefixAndThenWouldBlock) {
  const std::string block(64 * std::size_t{1024}, 'x');
  std::size_t total = 0;
  IoResult written = stream_->write(block);
  while (written.ok()) {
    total += written.bytes;
    written = stream_->write(block);
  }
  EXPECT_EQ(written.kind, Kind::kWouldBlock);
  EXPECT_EQ(wait_writable(stream_->fd(), base::TimePoint::min()), WaitResult::kTimeout);
  EXPECT_EQ(client_reads(total).size(), total);
  EXPECT_EQ(wait_writable(stream_->fd(), soon()), WaitResult::kReady);
}

TEST_F(PlainStreamTest, ShutdownWriteSendsFinAndReadingGoesOn) {
  stream_->shutdown_write();
  EXPECT_EQ(client_reads(1), "");
  ASSERT_EQ(::send(client_.get(), "more", 4, 0), 4);
  EXPECT_EQ(read_soon().bytes, 4U);
  EXPECT_EQ(stream_->write("x").error, EPIPE);
}

TEST_F(PlainStreamTest, ShutdownBothEndsAWaitingReaderAndKeepsTheDescriptor) {
  const int fd = stream_->fd();
  stream_->shutdown_both();
  EXPECT_EQ(read_soon().kind, Kind::kEnd);
  EXPECT_EQ(stream_->write("x").error, EPIPE);
  EXPECT_EQ(stream_->fd(), fd);
  EXPECT_NE(::fcntl(fd, F_GETFD), -1);
}

TEST_F(PlainStreamTest, CloseFreesTheDescriptorOnce) {
  const int fd = stream_->fd();
  stream_->close();
  EXPECT_EQ(stream_->fd(), -1);
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
  // The number may be another's now: closing again must not touch it.
  const base::Descriptor reused(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  stream_->close();
  stream_.reset();
  EXPECT_NE(::fcntl(reused.get(), F_GETFD), -1);
}

TEST(PlainStream, IsSmall) {
  EXPECT_LE(sizeof(PlainStream), 32U);
  EXPECT_LE(sizeof(Poco::Net::StreamSocketImpl), 56U);  // one block of 64 bytes with malloc's own
}

}  // namespace
}  // namespace berth::net
