// The address of a Unix stream socket: a path, or an abstract name such as "@berth". Not the file
// at that path: UnixPath is.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::net {

// A value; any thread.
class UnixAddress {
 public:
  // Bytes of a path, or of an abstract name behind its "@" (unix(7): 108 with the NUL).
  static constexpr std::size_t kMaxBytes = sizeof(sockaddr_un::sun_path) - 1;

  // A path as the process can open it, or "@" and a name, which no file stands for. Errors:
  // kInvalidArgument, for what is empty, longer than kMaxBytes or holds a NUL.
  [[nodiscard]] static base::Result<UnixAddress> parse(std::string_view text);

  // Whether it is "@NAME": it is gone with its socket, and every process of the network namespace
  // may connect to it (unix(7) "Abstract sockets").
  [[nodiscard]] bool is_abstract() const noexcept { return text_.front() == '@'; }
  // As parse() takes it. Lives as long as the address.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  // For bind(2) and connect(2).
  [[nodiscard]] const sockaddr* data() const noexcept;
  [[nodiscard]] socklen_t size() const noexcept;

 private:
  explicit UnixAddress(std::string_view text);

  std::string text_;
  sockaddr_un raw_{};
};

}  // namespace berth::net
