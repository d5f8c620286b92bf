// Writes what the handler of a fault has to say: async-signal-safe, and never waiting for whoever
// does not read. It formats nothing.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace berth::app {

// False: a part of it is missing, as on a disk that is full.
[[nodiscard]] bool write_to_file(int file, std::string_view bytes) noexcept;

// To a pipe, a socket or a terminal. Each piece of it waits for its reader for `patience` at most;
// false: what is left is lost.
[[nodiscard]] bool write_to_reader(int file, std::string_view bytes,
                                   base::Duration patience) noexcept;

// A message of one byte to a socket that keeps their bounds; lost where its queue is full.
void send_byte(int link, char byte) noexcept;

}  // namespace berth::app
