// A TCP connection without TLS: a Poco::Net::StreamSocket whose descriptor is read and written
// directly, without exceptions and without SIGPIPE.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include "base/descriptor.h"
#include "net/stream.h"

namespace berth::net {

// Costs 32 bytes and one heap block of 64 (StreamSocketImpl) per connection.
class PlainStream final : public Stream {
 public:
  // REQUIRES a connected, non-blocking stream socket. May throw std::bad_alloc; the descriptor is
  // closed then.
  explicit PlainStream(base::Descriptor descriptor);
  PlainStream(const PlainStream&) = delete;
  PlainStream& operator=(const PlainStream&) = delete;
  ~PlainStream() override;

  [[nodiscard]] IoResult read(std::span<char> buffer) noexcept override;
  [[nodiscard]] IoResult write(std::string_view data) noexcept override;
  [[nodiscard]] IoResult write(std::span<const iovec> parts) noexcept override;
  // sendfile(2), which knows no MSG_NOSIGNAL. REQUIRES: SIGPIPE is ignored or blocked.
  [[nodiscard]] IoResult send_file(int file, std::uint64_t offset,
                                   std::size_t count) noexcept override;
  void shutdown_write() noexcept override;
  void shutdown_both() noexcept override;
  void cut() noexcept override;
  void close() noexcept override;
  [[nodiscard]] int fd() const noexcept override { return fd_; }

 private:
  Poco::Net::StreamSocket socket_;
  int fd_;  // socket_'s own, kept here so that no call goes through Poco
};

}  // namespace berth::net
