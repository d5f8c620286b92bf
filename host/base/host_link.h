// What a host and its supervisor tell each other: messages of one size over a socket that keeps
// their bounds (SOCK_SEQPACKET). Not the crash board, and not who sends what when.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/clock.h"

namespace berth::base {

struct HostMessage {
  enum class Kind : std::uint8_t {
    // host -> supervisor
    kReady = 1,  // it serves `generation`; a stop may take `stop`
    kReloading,  // a reload or rollback has begun
    kReloaded,   // it has ended, and `generation` serves; text: why it was refused, or empty
    kAlive,      // every loop has turned since the last one
    kStopping,   // its end is wanted: somebody asked it, or a signal came
    kWithdraw,   // the sockets are to be closed and their paths removed: all but the control
                 // socket, or with a text the one of that name; answered by kWithdrawn
    kUnused,     // nobody will accept from the socket named `text`
    kRefused,    // it ends, and has said why
    // supervisor -> host
    kWithdrawn,
  };
  static constexpr std::size_t kMostText = 255;

  Kind kind = Kind::kReady;
  std::uint64_t generation = 0;
  Duration stop{};
  std::uint8_t text_size = 0;
  std::array<char, kMostText> text_bytes{};

  [[nodiscard]] std::string_view text() const noexcept { return {text_bytes.data(), text_size}; }
  // What is longer than kMostText bytes is cut.
  void set_text(std::string_view text) noexcept;
};

// A message of this one byte: a thread of the host has crashed. The handler of the fault sends it
// by one write(2), before it does anything else.
inline constexpr char kCrashByte = 'C';

enum class Received : std::uint8_t {
  kMessage,
  kCrash,    // kCrashByte
  kNothing,  // none is there
  kUnknown,  // one that neither of them sends: it is gone, others may follow
  kClosed,   // and none will ever be
};

// Neither waits, allocates or ends by SIGPIPE; any thread. send: false if the other end is closed
// or does not read.
bool send_message(int link, const HostMessage& message) noexcept;
[[nodiscard]] Received receive_message(int link, HostMessage& message) noexcept;

}  // namespace berth::base
