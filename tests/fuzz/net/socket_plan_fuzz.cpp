// What a child may send in place of its sockets: messages of any bytes, with and without
// descriptors.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/descriptor.h"
#include "fuzz/fuzz_check.h"
#include "net/socket_plan.h"

namespace {

using berth::base::Descriptor;
using berth::fuzz::check;

// Bytes with so many copies of `descriptor` beside them.
void send(int channel, const std::uint8_t* data, std::size_t size, int descriptor, int count) {
  iovec part{const_cast<std::uint8_t*>(data), size};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    const std::array<int, 2> all{descriptor, descriptor};
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(int);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(head), all.data(), bytes);
  }
  (void)::sendmsg(channel, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

// A byte says how many descriptors go along, two the length of what follows.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return 0;
  const Descriptor here(ends[0]);
  Descriptor there(ends[1]);
  // None of the channel's: it would keep it open.
  const Descriptor given(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  // The lowest number that is free stays so once everything is closed again.
  Descriptor before(::fcntl(here.get(), F_DUPFD_CLOEXEC, 0));
  const int lowest = before.get();
  before.reset();
  std::size_t sent = 0;
  while (size >= 3) {
    const int count = data[0] % 3;
    const std::size_t length =
        std::min<std::size_t>(size - 3, static_cast<std::size_t>(data[1]) * 8 + data[2] % 8);
    if (length > 0) send(there.get(), data + 3, length, given.get(), count);
    sent += static_cast<std::size_t>(count);
    data += 3 + length;
    size -= 3 + length;
  }
  there.reset();
  {
    berth::net::SocketPlan plan;
    const auto received = berth::net::receive_plan(here.get(), plan);
    check(!received.ok() || *received, "who has ended sends nothing more");
    check(plan.sockets.size() <= sent, "each socket was sent");
    for (const auto& socket : plan.sockets) {
      check(::fcntl(socket.socket.get(), F_GETFD) == FD_CLOEXEC,
            "a socket is open and goes nowhere");
    }
    check(plan.stop >= berth::base::Duration::zero(), "a stop takes no negative time");
  }
  // Those that were not read yet are closed with the channel.
  Descriptor after(::fcntl(here.get(), F_DUPFD_CLOEXEC, 0));
  check(after.get() <= lowest, "none of them leaks");
  return 0;
}
