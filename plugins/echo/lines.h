// The kind `lines`: takes the connection over and sends back each line that comes; for people with
// nc. Not a protocol.
#pragma once

#include <berth/plugin.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace echo {

// The answer begins as one to HTTP, with a head, so that browsers and proxies are not confused; its
// body, which ends with the connection, is the lines. config: max_line, 16B to 1MiB with its end of
// line (4KiB); idle, how long to wait for more, 1ms to 24h (60s).
class Lines : public berth::Handler {
 public:
  explicit Lines(const berth::Config& config);
  void serve(berth::ResponseWriter& response, berth::Request& request) override;

 private:
  // Sends the lines in `pending` that are whole, and leaves the rest there; false: one is too long.
  bool send_lines(berth::Connection& connection, std::string& pending) const;
  // Why it ended.
  std::string_view converse(berth::Connection& connection) const;

  std::size_t max_line_;
  std::chrono::milliseconds idle_;
};

}  // namespace echo
