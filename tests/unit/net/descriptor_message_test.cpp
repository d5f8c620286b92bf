#include "net/descriptor_message.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

namespace berth::net {
namespace {

class DescriptorMessages : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    here_.reset(ends[0]);
    there_.reset(ends[1]);
  }

  base::Descriptor here_;
  base::Descriptor there_;
};

ino_t inode(int descriptor) {
  struct stat status {};
  EXPECT_EQ(::fstat(descriptor, &status), 0);
  return status.st_ino;
}

TEST_F(DescriptorMessages, ArriveApartWithTheirDescriptorsInOrder) {
  const base::Descriptor one(::memfd_create("one", MFD_CLOEXEC));
  const base::Descriptor two(::memfd_create("two", MFD_CLOEXEC));
  const std::array numbers{one.get(), two.get()};
  ASSERT_TRUE(send_message(here_.get(), "first", numbers).ok());
  ASSERT_TRUE(send_message(here_.get(), "second").ok());
  const auto first = receive_message(there_.get(), 100, Await::kYes);
  ASSERT_TRUE(first.ok() && *first);
  EXPECT_EQ((*first)->text, "first");
  ASSERT_EQ((*first)->descriptors.size(), 2U);
  EXPECT_EQ(inode((*first)->descriptors[0].get()), inode(one.get()));
  EXPECT_EQ(inode((*first)->descriptors[1].get()), inode(two.get()));
  EXPECT_EQ(::fcntl((*first)->descriptors[0].get(), F_GETFD), FD_CLOEXEC);
  const auto second = receive_message(there_.get(), 100, Await::kNo);
  ASSERT_TRUE(second.ok() && *second);
  EXPECT_EQ((*second)->text, "second");
  EXPECT_TRUE((*second)->descriptors.empty());
}

TEST_F(DescriptorMessages, ThatAreNotThereAreNotAwaited) {
  const auto none = receive_message(there_.get(), 100, Await::kNo);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(*none);
}

TEST_F(DescriptorMessages, ThatAreTooLongForTheReceiverAreEmpty) {
  ASSERT_TRUE(send_message(here_.get(), std::string(101, 'x')).ok());
  const auto cut = receive_message(there_.get(), 100, Await::kYes);
  ASSERT_TRUE(cut.ok() && *cut);
  EXPECT_EQ((*cut)->text, "");
}

TEST_F(DescriptorMessages, EndWithTheSender) {
  here_.reset();
  const auto ended = receive_message(there_.get(), 100, Await::kYes);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, base::ErrorCode::kClosed);
  EXPECT_FALSE(send_message(there_.get(), "to nobody").ok());
}

}  // namespace
}  // namespace berth::net
