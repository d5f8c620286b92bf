// The worker's buffer during one turn of an HTTP/1 connection: what is here, and how far it was
// served.
#pragma once

#include <cstring>
#include <span>
#include <string_view>

namespace berth::serve {

struct H1Input {
  std::span<char> buffer;
  std::size_t size = 0;      // bytes here
  std::size_t position = 0;  // of the next request
  std::size_t need = 0;      // bytes from position on before it is worth a look
  bool drained = false;      // the socket has no more for now
  bool end = false;          // the client has closed its side

  [[nodiscard]] std::string_view unread() const noexcept {
    return {buffer.data() + position, size - position};
  }
  void compact() noexcept {
    if (position == 0) return;
    std::memmove(buffer.data(), buffer.data() + position, size - position);
    size -= position;
    position = 0;
  }
};

}  // namespace berth::serve
