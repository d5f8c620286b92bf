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
    kDraining,   // a handler has crashed: it takes nothing new, and ends within `stop`; text: why
    kWarm,       // a standby: what it needs to serve is made
    kReplace,    // it asks for another in its place; text: why
    kAccepting,  // it is about to accept, and to serve `generation`: it may crash of a request
    kUpgrade,    // somebody asks for one of the program's file and the configuration as they are
    // supervisor -> host
    kWithdrawn,
    kServe,        // to a standby: it is its turn
    kLeave,        // another serves: finish what is in flight, and end; text: which
    kNotReplaced,  // nothing came of kReplace or kUpgrade; text: why
    kStandby,      // text: how the standby is
  };
  static constexpr Kind kLast = Kind::kStandby;
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

// Of these messages: a host of another one is not started.
inline constexpr std::uint32_t kLinkVersion = 1;
// Of what a supervisor leaves to the program that takes its place in the same process
// (supervise/handover.h): a program that reads another one is not executed.
inline constexpr std::uint32_t kHandoverVersion = 2;

// A message of this one byte: a thread of the host has crashed. The handler of the fault sends it
// by one write(2), before it does anything else.
inline constexpr char kCrashByte = 'C';
// Likewise: what has to be known of that crash is remembered, and the host will finish what it has
// in flight (Kind::kDraining follows). The next one need not wait for the report.
inline constexpr char kDrainByte = 'D';

enum class Received : std::uint8_t {
  kMessage,
  kCrash,    // kCrashByte
  kDrain,    // kDrainByte
  kNothing,  // none is there
  kUnknown,  // one that neither of them sends: it is gone, others may follow
  kClosed,   // and none will ever be
};

// Neither waits, allocates or ends by SIGPIPE; any thread. send: false if the other end is closed
// or does not read.
bool send_message(int link, const HostMessage& message) noexcept;
[[nodiscard]] Received receive_message(int link, HostMessage& message) noexcept;

}  // namespace berth::base
