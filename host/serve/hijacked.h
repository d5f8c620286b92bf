// A connection that a handler took over (Go's http.Hijacker): plain bytes with deadlines, on any
// thread that may wait. No HTTP any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/stream.h"
#include "serve/transport.h"

namespace berth::serve {

// What lies under a Hijacked: a connection that its loop leaves alone until it is given back.
class HijackedConnection {
 public:
  HijackedConnection() = default;
  HijackedConnection(const HijackedConnection&) = delete;
  HijackedConnection& operator=(const HijackedConnection&) = delete;
  virtual ~HijackedConnection() = default;
  [[nodiscard]] virtual net::Stream& hijacked_stream() noexcept = 0;
  // Ends the connection; the last call to it.
  virtual void end_hijack() noexcept = 0;

  // Whether it was told to say goodbye: its handler is replaced, or the server stops. Any thread.
  [[nodiscard]] bool drained() const noexcept { return drained_.load(std::memory_order_acquire); }

 protected:
  // Before whatever wakes a reader.
  void tell_drained() noexcept { drained_.store(true, std::memory_order_release); }

 private:
  std::atomic<bool> drained_ = false;
};

// Owned by whoever hijacked. One reader and one writer at a time, each on any thread that may wait;
// destroyed when neither is inside. It still counts as a connection of its listener, and a stop
// tells it by drained() and the end of its input, waits for it, and at its deadline cuts it.
class Hijacked {
 public:
  // read_ahead: bytes that came behind the request's head and were not read by the handler.
  Hijacked(HijackedConnection& connection, std::string read_ahead,
           const base::Clock& clock) noexcept
      : connection_(connection),
        stream_(connection.hijacked_stream()),
        clock_(clock),
        read_ahead_(std::move(read_ahead)) {}
  Hijacked(const Hijacked&) = delete;
  Hijacked& operator=(const Hijacked&) = delete;
  // Closes the connection.
  ~Hijacked() { connection_.end_hijack(); }

  // At least one byte, those read ahead first; 0: the peer has ended its side. timeout: nullopt
  // waits for ever, zero takes what is here. kTimedOut, kClosed. REQUIRES: !buffer.empty().
  [[nodiscard]] IoResult<std::size_t> read(std::span<char> buffer,
                                           std::optional<base::Duration> timeout);
  // All of it. After a failure an unknown part of it is out.
  [[nodiscard]] IoStatus write(std::string_view bytes, std::optional<base::Duration> timeout);
  // Whether it is to say goodbye; never again false. Any thread.
  [[nodiscard]] bool drained() const noexcept { return connection_.drained(); }

 private:
  [[nodiscard]] base::TimePoint deadline(std::optional<base::Duration> timeout) const noexcept;

  HijackedConnection& connection_;
  net::Stream& stream_;
  const base::Clock& clock_;
  std::string read_ahead_;  // the reader's
  std::size_t used_ = 0;    // of read_ahead_
};

}  // namespace berth::serve
