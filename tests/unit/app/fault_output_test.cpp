#include "app/fault_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "base/descriptor.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  base::Descriptor read;
  base::Descriptor write;
};

TEST(FaultOutput, APipeThatIsReadGetsAll) {
  const Pipe pipe;
  const std::string text(10'000, 'x');
  EXPECT_TRUE(write_to_reader(pipe.write.get(), text, 1s));
  std::string got(text.size() + 1, '\0');
  EXPECT_EQ(::read(pipe.read.get(), got.data(), got.size()), ssize_t{10'000});
}

TEST(FaultOutput, APipeThatNobodyReadsIsNotWaitedFor_F41) {
  const Pipe pipe;
  const int size = ::fcntl(pipe.write.get(), F_GETPIPE_SZ);
  ASSERT_GT(size, 0);
  const std::string text(static_cast<std::size_t>(size) + 1, 'x');
  EXPECT_FALSE(write_to_reader(pipe.write.get(), text, 1ms));
}

TEST(FaultOutput, AFileWithoutRoomIsToldOf_F40) {
  const base::Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  EXPECT_FALSE(write_to_file(full.get(), "text"));
}

TEST(FaultOutput, ALinkWhoseQueueIsFullIsNotWaitedFor) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  const base::Descriptor link(ends[0]);
  const base::Descriptor other(ends[1]);
  while (::send(link.get(), "x", 1, MSG_DONTWAIT) == 1) {
  }
  send_byte(link.get(), 'C');  // returns
  char byte = 0;
  EXPECT_EQ(::recv(other.get(), &byte, 1, 0), 1);
}

}  // namespace
}  // namespace berth::app
