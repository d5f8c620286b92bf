// A blocking client over loopback TCP or a Unix socket for raw bytes: it sends what it is told and
// reads with a deadline. It knows no HTTP but how to find the end of a response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "net/unix_address.h"
#include "support/reply_reader.h"

namespace berth::test {

struct RawClientOptions {
  std::optional<int> receive_buffer{};  // bytes, SO_RCVBUF: a small one stalls the server soon
  std::optional<int>
      send_buffer{};  // bytes, SO_SNDBUF: a small one shows soon that it does not read
  bool ipv6 = false;  // [::1] instead of 127.0.0.1
};

// One thread. Every call that waits fails the test after a generous deadline instead of hanging.
class RawClient {
 public:
  enum class End : std::uint8_t { kOpen, kFin, kReset };

  // Connects to 127.0.0.1:port or [::1]:port.
  explicit RawClient(std::uint16_t port, const RawClientOptions& options = {});
  explicit RawClient(const net::UnixAddress& address);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient(RawClient&&) noexcept = default;
  RawClient& operator=(RawClient&&) noexcept = default;
  ~RawClient() = default;

  // Sends all of it. False: the server has closed or reset the connection.
  bool send(std::string_view bytes);
  // Sends the bytes in pieces of so many, each its own segment over TCP
  // (TCP_NODELAY).
  bool send_in_pieces(std::string_view bytes, std::size_t piece);
  // As much as the kernel takes without waiting.
  std::size_t send_some(std::string_view bytes);

  // FIN: nothing more will be sent, reading goes on. Does nothing where the server has closed
  // already.
  void half_close();
  // RST: everything not read is lost to both.
  void reset();
  void close() { socket_.reset(); }

  // The next response, 1xx included. Not whole: the connection ended first (see end()).
  [[nodiscard]] Reply read_reply(bool head_request = false);
  [[nodiscard]] std::vector<Reply> read_replies(std::size_t count);
  // All responses until the server closes.
  [[nodiscard]] std::vector<Reply> read_all();
  // All bytes until the server closes.
  [[nodiscard]] std::string read_until_close();
  // So many bytes more, whatever they are; they are dropped.
  void skip(std::size_t bytes);
  // Waits until the server has closed its side, and says whether nothing came before.
  [[nodiscard]] bool closed_in_silence();
  // Waits until the text is among the bytes received and not taken yet. False: the server closed.
  bool wait_for(std::string_view text);
  // Bytes received and not taken yet, without waiting.
  [[nodiscard]] const std::string& received();

  [[nodiscard]] End end() const noexcept { return end_; }
  [[nodiscard]] int fd() const noexcept { return socket_.get(); }

 private:
  // Waits for more bytes; false at the end of the connection or (with a test failure) at the
  // deadline.
  bool receive(bool wait);

  base::Descriptor socket_;
  std::string received_;
  End end_ = End::kOpen;
};

}  // namespace berth::test
