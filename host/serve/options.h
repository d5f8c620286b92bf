// The numbers a server's connections live by, as plain values that app fills from the
// configuration.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/clock.h"
#include "base/limits.h"
#include "http/head_parser.h"

namespace berth::serve {

struct Options {
  http::HeadLimits head;
  std::size_t chunk_line_bytes = base::limits::kChunkLine;
  std::size_t chunk_excess_bytes = base::limits::kChunkExcess;
  std::uint64_t unread_body_bytes = base::limits::kDrain;  // dropped to keep a connection
  std::size_t unsent_bytes = base::limits::kUnsent;        // of a response, left to its loop
  base::Duration header_timeout = base::limits::kHeaderTimeout;
  base::Duration body_grace = base::limits::kBodyGrace;
  std::uint64_t body_rate = base::limits::kBodyRate;  // bytes per second, after body_grace
  base::Duration write_stall = base::limits::kWriteStall;
  base::Duration idle_timeout = base::limits::kIdleTimeout;
  base::Duration linger = base::limits::kLinger;
  std::size_t connections = base::limits::kConnections;
  std::uint64_t buffered_bytes = base::limits::kBuffered;
};

}  // namespace berth::serve
