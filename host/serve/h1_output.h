// The bytes of HTTP/1 responses on their way to the client: gathers small ones, sends large ones
// through, and waits only where a thread may. No framing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/limits.h"
#include "net/stream.h"
#include "sched/worker.h"
#include "serve/file_rest.h"
#include "serve/transport.h"

namespace berth::serve {

class Service;

// One per worker, used by its thread for the connection it serves at the moment. What is left in it
// when a handler is done goes to the connection's backlog, and the loop drains it: bytes, at most
// Options::unsent_bytes as a rule, and behind them a part of a file.
class H1Output {
 public:
  // A connection's turn begins. REQUIRES: empty().
  void begin(sched::Worker& worker, Service& service, net::Stream& stream) noexcept {
    worker_ = &worker;
    service_ = &service;
    stream_ = &stream;
    sent_ = 0;
    lost_ = false;
    limit_.reset();
  }

  // A deadline of the handler's own for waits; nullopt: none. begin() forgets it.
  void limit(std::optional<base::TimePoint> deadline) noexcept { limit_ = deadline; }

  // Bytes not sent yet; heads are appended to it directly. REQUIRES: !has_file().
  [[nodiscard]] base::Buffer& bytes() noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty() && file_.empty(); }
  // Whether a part of a file is left, behind the bytes: nothing of another response may follow.
  [[nodiscard]] bool has_file() const noexcept { return !file_.empty(); }
  // The stream failed or stalled: nothing will be sent any more.
  [[nodiscard]] bool lost() const noexcept { return lost_; }

  // Adds body bytes. Beyond kGather they are sent at once, without copying what the socket takes;
  // beyond Options::unsent_bytes left over it waits for the client (the loop is given away first).
  // Where no thread may wait any more (limits.client_waits) it keeps up to limits::kBorrowed, as
  // long as limits.buffered has room, rather than to cut the response.
  [[nodiscard]] [[gnu::always_inline]] IoStatus write(std::string_view body) {
    if (!lost_ && sent_ == 0 && file_.empty() && bytes_.size() + body.size() <= kGather)
        [[likely]] {
      bytes_.append(body);
      return base::done();
    }
    return write_on(body);
  }

  // Adds body bytes out of a file: those that the socket takes go there directly, what is left is
  // left in the file, which is kept open. More behind that, and flush(), wait for all of it to be
  // taken, as write() does, but nothing is borrowed. kInvalid: the file is shorter, or cannot be
  // read.
  [[nodiscard]] IoStatus send_file(int file, std::uint64_t offset, std::uint64_t size);

  // Sends all, waiting as write() does: for Flush and 1xx.
  [[nodiscard]] IoStatus flush();

  // Sends what the socket takes now of the bytes; what is left of a file is the loop's. False: the
  // stream is lost.
  [[nodiscard]] bool try_send() noexcept { return bytes_.empty() ? !lost_ : send_now(); }

  // Takes what is left, for the backlog: the bytes, and the part of a file behind them.
  [[nodiscard]] base::Buffer take();
  [[nodiscard]] FileRest take_file() noexcept { return std::exchange(file_, FileRest()); }
  void discard() noexcept {
    bytes_.clear();
    sent_ = 0;
    file_.reset();
    if (borrowed_ > 0) repay();
  }

 private:
  static constexpr std::size_t kGather = 32 * 1024;
  static_assert(kGather <= base::limits::kFilePiece);

  [[nodiscard]] bool send_now() noexcept;
  // Sends what the socket takes of the file. False: the stream is lost.
  [[nodiscard]] bool send_rest() noexcept;
  // write() of what is not simply added.
  [[nodiscard]] IoStatus write_on(std::string_view body);
  // send_file() by reading and writing.
  [[nodiscard]] IoStatus copy_file(int file, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] IoStatus fail(IoError error) noexcept;
  // Adds body bytes that fit. Drops what was sent from the front first: a client that is always a
  // little behind would else make it grow by all that it ever took.
  void keep(std::string_view body);
  // Waits until the socket takes bytes again. kExhausted: no thread may; nothing is lost by that.
  [[nodiscard]] IoStatus wait();
  // By how much the bytes, and so many more, are above Options::unsent_bytes.
  [[nodiscard]] std::size_t over(std::size_t more) const noexcept;
  // Borrows for so many bytes more, and gives back what is not needed any longer.
  [[nodiscard]] bool borrow(std::size_t bytes) noexcept;
  void repay() noexcept;

  sched::Worker* worker_ = nullptr;
  Service* service_ = nullptr;
  net::Stream* stream_ = nullptr;
  base::Buffer bytes_;
  std::size_t sent_ = 0;      // of bytes_, from its front
  FileRest file_;             // behind bytes_
  std::size_t borrowed_ = 0;  // of limits.buffered
  std::optional<base::TimePoint> limit_;
  bool lost_ = false;
};

}  // namespace berth::serve
