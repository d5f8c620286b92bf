#include "net/descriptor_message.h"

#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace berth::net {

namespace {

// Room for the descriptors beside a message.
struct Control {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> bytes{};
};

// Owned, whatever becomes of the message.
std::vector<base::Descriptor> take_descriptors(const msghdr& message) {
  std::vector<base::Descriptor> taken;
  const cmsghdr* const head = CMSG_FIRSTHDR(&message);
  if (head == nullptr || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) {
    return taken;
  }
  const std::size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(head) + i * sizeof descriptor, sizeof descriptor);
    taken.emplace_back(descriptor);
  }
  return taken;
}

}  // namespace

base::Status<> send_message(int socket, std::string_view text, std::span<const int> descriptors) {
  assert(!text.empty() && descriptors.size() <= kMostDescriptors);
  std::string bytes(text);  // iovec takes no const
  iovec part{bytes.data(), bytes.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(head), descriptors.data(), descriptors.size_bytes());
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return base::fail(base::system_error(errno, "sendmsg"));
  return base::done();
}

base::Result<std::optional<DescriptorMessage>> receive_message(int socket, std::size_t most,
                                                               Await await) {
  DescriptorMessage result;
  result.text.resize(most);
  iovec part{result.text.data(), result.text.size()};
  Control control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const int flags = MSG_CMSG_CLOEXEC | (await == Await::kNo ? MSG_DONTWAIT : 0);
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, flags);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && await == Await::kNo && errno == EAGAIN) {
    return std::optional<DescriptorMessage>();
  }
  if (got < 0) return base::fail(base::system_error(errno, "recvmsg"));
  result.descriptors = take_descriptors(message);
  if (got == 0) return base::fail(base::ErrorCode::kClosed, "its sender has ended");
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  result.text.resize(whole ? static_cast<std::size_t>(got) : 0);
  return std::optional<DescriptorMessage>(std::move(result));
}

}  // namespace berth::net
