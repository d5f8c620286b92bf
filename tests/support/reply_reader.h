// Takes HTTP/1 responses apart for tests: simple and strict, and on purpose not the server's own
// code.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::test {

// One response. `whole` false: the connection ended before it did.
struct Reply {
  int status = 0;
  std::string status_line;
  std::vector<std::pair<std::string, std::string>> fields;  // in order; names as sent
  std::string body;                                         // decoded
  std::vector<std::pair<std::string, std::string>> trailers;
  std::size_t chunks = 0;  // of a chunked body, the last one excluded
  bool whole = false;
  std::string problem;  // why it is no HTTP/1 response; empty: nothing is wrong

  // The value of the only line of this name (ignoring case); nullopt where there is none, and
  // "(twice)" where there are more.
  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name, std::string_view value) const {
    return field(name) == value;
  }
  [[nodiscard]] bool chunked() const { return has("Transfer-Encoding", "chunked"); }
  [[nodiscard]] bool says_close() const { return has("Connection", "close"); }
};

// Takes the first response off the front of `bytes`. `head_request`: it answers a HEAD, so it has
// no body. `ended`: no byte will follow, so a body that ends by closing is whole. nullopt: more
// bytes are needed; `bytes` is untouched then.
[[nodiscard]] std::optional<Reply> take_reply(std::string& bytes, bool head_request, bool ended);

}  // namespace berth::test
