// What a host may send over the link to its supervisor: messages of any bytes.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/descriptor.h"
#include "base/host_link.h"
#include "fuzz/fuzz_check.h"

namespace {

using berth::base::Descriptor;
using berth::base::HostMessage;
using berth::base::Received;
using berth::fuzz::check;

void check_message(const HostMessage& message) {
  check(message.kind >= HostMessage::Kind::kReady && message.kind <= HostMessage::kLast,
        "a kind there is");
  check(message.stop >= berth::base::Duration::zero(), "a stop takes no negative time");
  check(message.text().size() <= HostMessage::kMostText, "the text lies in the message");
  // Said again it is the same.
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  const Descriptor here(ends[0]);
  const Descriptor there(ends[1]);
  HostMessage again;
  check(berth::base::send_message(there.get(), message), "it can be sent");
  check(berth::base::receive_message(here.get(), again) == Received::kMessage, "and received");
  check(again.kind == message.kind && again.generation == message.generation &&
            again.stop == message.stop && again.text() == message.text(),
        "it means the same");
}

}  // namespace

// Two bytes are the length of what follows, as far as it goes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return 0;
  const Descriptor here(ends[0]);
  Descriptor there(ends[1]);
  std::size_t sent = 0;
  while (size >= 2) {
    const std::size_t length =
        std::min<std::size_t>(size - 2, static_cast<std::size_t>(data[0]) * 2 + data[1] % 2);
    if (length > 0 && ::send(there.get(), data + 2, length, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
      ++sent;
    }
    data += 2 + length;
    size -= 2 + length;
  }
  there.reset();
  std::size_t received = 0;
  HostMessage message;
  for (;;) {
    const Received what = berth::base::receive_message(here.get(), message);
    if (what == Received::kClosed) break;
    check(what != Received::kNothing, "who has ended is known to have");
    if (what == Received::kMessage) check_message(message);
    ++received;
  }
  check(received == sent, "each message is one");
  return 0;
}
