#include "base/host_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace berth::base {

namespace {

// As it travels. Both ends are the same program, but for an upgrade: then the version tells.
struct Wire {
  static constexpr std::uint32_t kVersion = 0xbe270002;
  std::uint32_t version;
  std::uint8_t kind;
  std::uint8_t text_size;
  std::uint16_t none;
  std::uint64_t generation;
  std::int64_t stop_ns;
  std::array<char, HostMessage::kMostText> text;
  char end;
};
static_assert(std::is_trivially_copyable_v<Wire> && sizeof(Wire) == 280);

}  // namespace

void HostMessage::set_text(std::string_view text) noexcept {
  text_size = static_cast<std::uint8_t>(std::min(text.size(), kMostText));
  text.copy(text_bytes.data(), text_size);
}

bool send_message(int link, const HostMessage& message) noexcept {
  const Wire wire{.version = Wire::kVersion,
                  .kind = static_cast<std::uint8_t>(message.kind),
                  .text_size = message.text_size,
                  .none = 0,
                  .generation = message.generation,
                  .stop_ns = message.stop.count(),
                  .text = message.text_bytes,
                  .end = 0};
  ssize_t sent = 0;
  do {
    sent = ::send(link, &wire, sizeof wire, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == ssize_t{sizeof wire};
}

Received receive_message(int link, HostMessage& message) noexcept {
  // One byte more than fits: so a longer one is seen to be.
  std::array<char, sizeof(Wire) + 1> bytes;
  ssize_t got = 0;
  do {
    got = ::recv(link, bytes.data(), bytes.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno == EAGAIN ? Received::kNothing : Received::kClosed;
  if (got == 0) return Received::kClosed;
  if (got == 1 && bytes[0] == kCrashByte) return Received::kCrash;
  if (got == 1 && bytes[0] == kDrainByte) return Received::kDrain;
  if (got != ssize_t{sizeof(Wire)}) return Received::kUnknown;
  Wire wire;
  std::memcpy(&wire, bytes.data(), sizeof wire);
  const auto last = static_cast<std::uint8_t>(HostMessage::kLast);
  if (wire.version != Wire::kVersion || wire.kind == 0 || wire.kind > last || wire.stop_ns < 0) {
    return Received::kUnknown;
  }
  message.kind = static_cast<HostMessage::Kind>(wire.kind);
  message.generation = wire.generation;
  message.stop = Duration(wire.stop_ns);
  message.text_size = wire.text_size;
  message.text_bytes = wire.text;
  return Received::kMessage;
}

}  // namespace berth::base
