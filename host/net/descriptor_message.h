// Messages between processes that hand descriptors along, over a Unix socket that keeps messages
// apart (SOCK_SEQPACKET; unix(7), SCM_RIGHTS). What they mean is its users' affair.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::net {

// The most descriptors of one message.
inline constexpr std::size_t kMostDescriptors = 4;

struct DescriptorMessage {
  std::string text;                           // empty, too: it did not fit
  std::vector<base::Descriptor> descriptors;  // closed when a program is started
};

// As one message; the descriptors stay the caller's. REQUIRES: text is not empty; at most
// kMostDescriptors. Waits while the socket is full. Error: the other end has gone, or the text is
// too long for the system. Any thread.
[[nodiscard]] base::Status<> send_message(int socket, std::string_view text,
                                          std::span<const int> descriptors = {});

enum class Await : std::uint8_t { kNo, kYes };

// The next one, of at most that many bytes. Nothing: none is there (kNo). kClosed: the other end
// has gone. Any thread.
[[nodiscard]] base::Result<std::optional<DescriptorMessage>> receive_message(int socket,
                                                                             std::size_t most,
                                                                             Await await);

}  // namespace berth::net
