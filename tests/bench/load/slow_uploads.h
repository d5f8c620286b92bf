// Clients that announce 10 MiB and send them at 10 KiB/s each, and never read an answer.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "bench/load/client.h"

namespace berth::bench {

class SlowUploads {
 public:
  // Opens them all and sends the heads. Throws std::system_error if one cannot be opened.
  SlowUploads(std::uint16_t port, const std::string& path, std::size_t count);

  // Sends what is due by `now`, one KiB at a time, spread evenly over the connections.
  void advance(Clock::time_point now);
  // Those that the server has ended before their body was through.
  [[nodiscard]] std::size_t cut() const noexcept { return cut_; }

 private:
  std::vector<base::Descriptor> sockets_;
  std::string piece_;
  std::size_t next_ = 0;
  std::size_t cut_ = 0;
  Clock::duration interval_{};
  Clock::time_point due_;
};

}  // namespace berth::bench
