// What the load generator is asked to do, out of its command line; it opens nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace berth::bench {

struct Options {
  std::uint16_t port = 0;
  std::string path = "/";
  std::size_t connections = 64;  // 0: no load, only the idle connections
  std::size_t body_bytes = 0;    // of each request; POST if there are any, else GET
  bool close = false;            // a connection for each request
  std::chrono::milliseconds warmup{300};
  std::chrono::milliseconds duration{1000};
  std::uint64_t requests = 0;  // if not 0: ends after so many, without warming up, and not by time
  std::uint64_t rate = 0;      // if not 0: an open loop of so many requests a second, by number

  std::string beside_path;  // a second group of clients, counted apart
  std::size_t beside_connections = 0;

  std::string upload_path;  // clients that send a large body slowly, in the background
  std::size_t uploads = 0;

  std::vector<std::size_t> idle;  // numbers of idle connections, rising: memory is read at each
  std::vector<pid_t> processes;   // the server's: whose CPU time and memory are read
};

// Throws std::invalid_argument with a sentence for the user.
[[nodiscard]] Options parse_options(std::span<char* const> arguments);

}  // namespace berth::bench
