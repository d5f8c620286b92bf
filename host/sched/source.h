// What a loop watches: a descriptor with a timer, and what to do when either has news. No protocol.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "sched/hold_word.h"
#include "sched/timer_wheel.h"

namespace berth::sched {

class Loop;
class Worker;

// Whether the thread still drives its loop after a call that may have run a handler. After kLost it
// touches nothing of the loop.
enum class Turn { kKept, kLost };

// What epoll said. Bits, as the kernel has them.
struct Readiness {
  static constexpr std::uint32_t kReadable = 0x001;
  static constexpr std::uint32_t kWritable = 0x004;
  static constexpr std::uint32_t kError = 0x008;
  static constexpr std::uint32_t kHangup = 0x010;
  static constexpr std::uint32_t kPeerClosed = 0x2000;  // the peer has shut its writing side

  std::uint32_t bits = 0;
  [[nodiscard]] bool has(std::uint32_t wanted) const noexcept { return (bits & wanted) != 0; }
};

// Called by the loop's driver only.
class Source : public Timer {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  [[nodiscard]] virtual Turn on_event(Worker& worker, Readiness readiness) = 0;
  // Its timer fired. Runs no handler.
  virtual void on_timer(Worker& worker) = 0;
};

// A source that can be handed to a thread of its own. It has an IO side (what whoever holds it
// uses: the stream, buffers) and a loop side (timer, lists, registration: the loop's driver only).
//
// Who holds the IO side stands in one word: see HoldWord. While it is held, events only leave news
// there; giving back goes through the inbox if there are any, so that the driver looks again.
class Connection : public Source {
 public:
  Connection() = default;

  [[nodiscard]] Loop& loop() const noexcept { return *loop_; }

  // Driver only: somebody has the IO side, or it is on its way back.
  [[nodiscard]] bool is_held() const noexcept { return !held_.is_free(); }

  // Any thread: the peer is known to be gone.
  [[nodiscard]] bool gone() const noexcept { return held_.gone(); }

  // --- driver only, not held ---
  // The descriptor has news. May run handlers.
  [[nodiscard]] virtual Turn on_ready(Worker& worker, Readiness readiness) = 0;
  // It is new to its loop, and not watched yet: look whether its first bytes are here. May run
  // handlers.
  [[nodiscard]] virtual Turn on_adopted(Worker& worker) = 0;
  // It came back through the inbox: look whether anything is to be done. May run handlers.
  [[nodiscard]] virtual Turn on_return(Worker& worker) = 0;
  // The timer fired while nobody holds it.
  virtual void on_deadline(Worker& worker) = 0;
  // The loop begins to drain: close if idle, else close after what is in flight. `hard`: cut it
  // now.
  virtual void on_drain(Worker& worker, bool hard) = 0;

  // --- driver only, held by another thread ---
  // The timer fired, or a hard drain: may shut the descriptor down (which wakes the holder),
  // nothing else.
  virtual void on_deadline_held() noexcept = 0;
  // The loop begins to drain: may tell the holder.
  virtual void on_drain_held() noexcept {}
  virtual void shut() noexcept = 0;

  // --- holder only ---
  // A job on a thread of its own; ends with give_back.
  virtual void run(Worker& worker) noexcept = 0;
  // A job that waited in the queue for too long, on its loop's driver between two events: ends with
  // give_back and does not wait.
  virtual void reject(Worker& worker) noexcept = 0;

  // The descriptor that epoll watches.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;

  // Driver only: takes the IO side for a thread of its own, or for a handler that may lose the
  // loop. With news, giving back goes through the inbox.
  void hold(bool news) noexcept {
    held_.hold((news ? HoldWord::kNews : 0U) | (peer_closed_ ? HoldWord::kGone : 0U));
  }
  // Driver only: ends a hold that it did not hand over, or that came back through the inbox.
  void unhold() noexcept {
    if (gone()) peer_closed_ = true;
    held_.clear();
  }
  // Driver only: whether it has the IO side. If not, the connection comes back through the inbox,
  // so that the driver looks at it then.
  [[nodiscard]] bool claim() noexcept { return claim(HoldWord::kNews); }
  // Driver only, not held: the peer has closed its side; nothing but what is in the socket will
  // come.
  [[nodiscard]] bool peer_closed() const noexcept { return peer_closed_; }
  // Holder only: gives the IO side back. `attention`: the driver has something to do (bytes,
  // closing). The holder touches nothing of the connection afterwards.
  void give_back(bool attention) noexcept;

  // The loop's dispatch: implements Source in terms of the above.
  [[nodiscard]] Turn on_event(Worker& worker, Readiness readiness) final;
  void on_timer(Worker& worker) final;

 private:
  friend class Loop;
  friend class Inbox;

  [[nodiscard]] bool claim(std::uint32_t news) noexcept;

  HoldWord held_;
  bool adopted_ = false;      // loop side: listed
  bool closed_ = false;       // loop side: freed when the batch is over
  bool peer_closed_ = false;  // loop side
  bool queued_ = false;       // loop side: lies in the ready queue
  bool begun_ = false;        // loop side: on_adopted was called
  // Set once by the holder, before it takes its descriptor out of the epoll set; read by the driver
  // after it put it in. seq_cst on both sides: one of the two takes it out.
  std::atomic<bool> forsaken_{false};
  Loop* loop_ = nullptr;              // set once, before it is shared
  Connection* inbox_next_ = nullptr;  // the inbox's while it lies there
  Connection* previous_ = nullptr;    // loop side: all connections of the loop
  Connection* next_ = nullptr;
};

[[gnu::always_inline]] inline bool Connection::claim(std::uint32_t news) noexcept {
  if (held_.is_free()) return true;
  if (held_.mark(news)) return false;  // the holder posts it when it gives it back
  unhold();                            // it came back between the two looks
  return true;
}

}  // namespace berth::sched
