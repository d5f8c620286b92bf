// What a group of clients asks for, and how long the answer is: asked once, learned, then counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "bench/load/options.h"

namespace berth::bench {

struct Target {
  std::uint16_t port = 0;
  std::string request;             // head and body, as sent
  std::size_t response_bytes = 0;  // head and body of a 200; the same for every request
  bool close = false;              // the server closes after it
};

// A blocking connection to the loopback, TCP_NODELAY. Empty, and errno says why, if there is none.
[[nodiscard]] base::Descriptor connect_to(std::uint16_t port);

// Asks once. Throws std::runtime_error if the answer is no 200: nothing would be worth measuring.
[[nodiscard]] Target learn_target(std::uint16_t port, const std::string& path,
                                  std::size_t body_bytes, bool close);

// How many bytes the answer that begins with `beginning` has, if its Content-Length tells; else 0.
[[nodiscard]] std::size_t announced_length(std::string_view beginning);

// The head alone of a POST that announces body_bytes.
[[nodiscard]] std::string post_head(std::uint16_t port, const std::string& path,
                                    std::size_t body_bytes);

}  // namespace berth::bench
