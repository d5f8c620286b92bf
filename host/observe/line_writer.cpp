#include "observe/line_writer.h"

#include <pthread.h>
#include <signal.h>

#include <Poco/Exception.h>
#include <Poco/Thread.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/futex.h"
#include "observe/log_output.h"
#include "observe/ring_set.h"

namespace berth::observe {

namespace {

using namespace std::chrono_literals;

// What the writer thread does, for those who might have to wake it.
constexpr std::uint32_t kAwake = 0;
constexpr std::uint32_t kNapping = 1;   // lines come all the time: let them gather
constexpr std::uint32_t kSleeping = 2;  // until somebody rings

// Long enough to gather hundreds of lines in one write(2), short for a reader of the log.
constexpr std::chrono::nanoseconds kNap = 5ms;
// How often a writer held up by its output looks whether it has been told to stop.
constexpr std::chrono::nanoseconds kPatience = 100ms;
constexpr std::chrono::nanoseconds kReportEvery = 1min;
// What a writer thread that was told to stop may be late before it is left behind.
constexpr std::chrono::nanoseconds kGrace = 1s;
// Bytes gathered for one write(2) to a file.
constexpr std::size_t kBatch = 64 * std::size_t{1024};
constexpr int kStackBytes = 256 * 1024;

// Blocks every signal in the calling thread while it lives: a thread started meanwhile inherits it.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() noexcept { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

base::TimePoint real_now() noexcept { return base::system_clock().now(); }

}  // namespace

class LineWriter::Core {
 public:
  Core(LineWriterOptions options, LogOutput output, const base::Clock& clock)
      : rings_(options.ring_bytes),
        output_(std::move(output)),
        on_loss_(std::move(options.on_loss)),
        clock_(&clock) {
    // drain() never has to grow it, so the writer thread never runs out of memory.
    batch_.reserve(kBatch + options.ring_bytes);
  }

  // --- any thread
  bool put(std::string_view line) noexcept {
    Ring* const ring = closed_.load(std::memory_order_relaxed) ? nullptr : rings_.mine();
    const Ring::Push pushed = ring == nullptr ? Ring::Push::kFull : ring->push(line);
    if (pushed == Ring::Push::kFull) ring_full_.fetch_add(1, std::memory_order_release);
    // After push()'s seq_cst store: either the writer sees the line before it sleeps, or this load
    // sees that it sleeps.
    const std::uint32_t state = bell_.load(std::memory_order_seq_cst);
    if (state == kSleeping || (state == kNapping && pushed != Ring::Push::kTaken)) ring_bell();
    return pushed != Ring::Push::kFull;
  }
  void prepare_thread() noexcept { static_cast<void>(rings_.mine()); }
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return ring_full_.load(std::memory_order_relaxed) +
           not_written_.load(std::memory_order_relaxed);
  }

  // --- the owner
  void replace_output(LogOutput output) noexcept {
    {
      const std::lock_guard lock(control_);
      next_output_ = std::move(output);
    }
    output_waits_.store(true, std::memory_order_seq_cst);
    ring_bell();
  }
  bool flush(std::chrono::nanoseconds bound) noexcept {
    const base::TimePoint deadline = real_now() + bound;
    const std::uint32_t ticket = flush_asked_.fetch_add(1, std::memory_order_seq_cst) + 1;
    ring_bell();
    for (;;) {
      const std::uint32_t done = flush_done_.load(std::memory_order_acquire);
      if (static_cast<std::int32_t>(done - ticket) >= 0) return true;
      const std::chrono::nanoseconds left = deadline - real_now();
      if (left <= 0ns) return false;
      base::futex_wait(flush_done_, done, left);
    }
  }
  void ask_to_stop(base::TimePoint deadline) noexcept {
    stop_at_.store(deadline.time_since_epoch().count(), std::memory_order_relaxed);
    stopping_.store(true, std::memory_order_seq_cst);
    ring_bell();
  }
  // After the writer thread was joined: whether the output was stuck until the bound.
  [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }
  void close() noexcept { closed_.store(true, std::memory_order_relaxed); }
  // The owners of callback and clock go away: neither is used again, nor still in use.
  void forget_owner() noexcept {
    const std::lock_guard lock(control_);
    on_loss_ = nullptr;
    clock_ = nullptr;
  }

  // --- the writer thread
  void run() noexcept {
    for (;;) {
      const bool stopping = stopping_.load(std::memory_order_seq_cst);
      const std::uint32_t asked = flush_asked_.load(std::memory_order_seq_cst);
      take_output();
      const bool closed = closed_.load(std::memory_order_relaxed);
      if (!closed) report_loss(false);
      const bool moved = write_all();
      if (flush_done_.load(std::memory_order_relaxed) != asked) {
        flush_done_.store(asked, std::memory_order_release);
        base::futex_wake(flush_done_);
      }
      if (!stopping) {
        rest(moved ? kNapping : kSleeping, asked);
      } else if (!closed && (!moved || patience() <= 0ns)) {
        report_loss(true);  // once: its line is the last one taken
        closed_.store(true, std::memory_order_relaxed);
      } else if (!moved) {
        return;
      }
    }
  }

 private:
  void ring_bell() noexcept {
    if (bell_.exchange(kAwake, std::memory_order_seq_cst) != kAwake) base::futex_wake(bell_);
  }

  void rest(std::uint32_t state, std::uint32_t flushed) noexcept {
    bell_.store(state, std::memory_order_seq_cst);
    // From here on whoever has something to do rings; what came before is seen now.
    const bool called = stopping_.load(std::memory_order_seq_cst) ||
                        output_waits_.load(std::memory_order_seq_cst) ||
                        flush_asked_.load(std::memory_order_seq_cst) != flushed ||
                        (state == kSleeping && lines_wait());
    if (!called) {
      const bool report_due = lost() != reported_ring_full_ + reported_not_written_;
      const std::chrono::nanoseconds sleep =
          report_due ? kReportEvery : std::chrono::nanoseconds::max();
      base::futex_wait(bell_, state, state == kNapping ? kNap : sleep);
    }
    bell_.store(kAwake, std::memory_order_seq_cst);
  }

  // A thread whose first line comes now has taken the lock of the set before it looks at the bell.
  [[nodiscard]] bool lines_wait() noexcept {
    const auto& rings = rings_.collect();
    return std::any_of(rings.begin(), rings.end(), [](const auto& r) { return !r->empty(); });
  }

  void take_output() noexcept {
    if (!output_waits_.exchange(false, std::memory_order_seq_cst)) return;
    const std::lock_guard lock(control_);
    if (!next_output_) return;
    output_ = std::move(*next_output_);
    next_output_.reset();
    mid_line_ = false;
  }

  // True if there was anything.
  bool write_all() noexcept {
    bool moved = false;
    for (const auto& ring : rings_.collect()) {
      ring->drain(batch_);
      if (batch_.size() < kBatch) continue;
      write_batch();
      moved = true;
    }
    if (batch_.empty()) return moved;
    write_batch();
    return true;
  }

  void write_batch() noexcept {
    std::string_view text(batch_.data(), batch_.size());
    LogOutput::Written written{0, 0};
    if (mid_line_) {
      // An earlier write broke off inside a line: end it, so that the next one stands alone.
      written.error = output_.write("\n", patience_).error;
      mid_line_ = written.error != 0;
    }
    if (!mid_line_) written = output_.write(text, patience_);
    if (written.error != 0) {
      error_ = written.error;
      gave_up_ = gave_up_ || written.error == ETIMEDOUT;
      mid_line_ = mid_line_ || (written.bytes != 0 && text[written.bytes - 1] != '\n');
      text.remove_prefix(written.bytes);
      const auto lines = std::count(text.begin(), text.end(), '\n');
      not_written_.fetch_add(static_cast<std::uint64_t>(lines), std::memory_order_relaxed);
    }
    batch_.clear();
  }

  // How long to wait on for an output that takes nothing.
  [[nodiscard]] std::chrono::nanoseconds patience() const noexcept {
    if (!stopping_.load(std::memory_order_acquire)) return kPatience;
    const base::TimePoint stop_at{base::Duration(stop_at_.load(std::memory_order_relaxed))};
    return std::min<std::chrono::nanoseconds>(kPatience, stop_at - real_now());
  }

  void report_loss(bool now_or_never) noexcept {
    const std::uint64_t full = ring_full_.load(std::memory_order_acquire);
    const std::uint64_t unwritten = not_written_.load(std::memory_order_relaxed);
    if (full == reported_ring_full_ && unwritten == reported_not_written_) return;
    const std::lock_guard lock(control_);
    if (clock_ == nullptr) return;
    const base::TimePoint now = clock_->now();
    if (last_report_ && now < *last_report_ + kReportEvery && !now_or_never) return;
    last_report_ = now;
    const LossReport report{full - reported_ring_full_, unwritten - reported_not_written_, error_};
    reported_ring_full_ = full;
    reported_not_written_ = unwritten;
    error_ = 0;
    if (on_loss_) on_loss_(report);
  }

  RingSet rings_;

  // seq_cst: see put() and rest().
  alignas(128) std::atomic<std::uint32_t> bell_{kAwake};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> output_waits_{false};
  std::atomic<std::uint32_t> flush_asked_{0};
  std::atomic<std::uint32_t> flush_done_{0};     // writer: release, after the lines were written
  std::atomic<bool> closed_{false};              // relaxed: late lines are lost a moment later
  std::atomic<base::Duration::rep> stop_at_{0};  // relaxed: published by stopping_
  // Release and acquire (report_loss): the callback sees what the thread that lost a line had seen.
  std::atomic<std::uint64_t> ring_full_{0};
  std::atomic<std::uint64_t> not_written_{0};  // relaxed: written by the writer thread alone

  std::mutex control_;  // guards next_output_, on_loss_ and clock_; never taken for a line
  std::optional<LogOutput> next_output_;

  // The writer thread's own from here on (on_loss_ and clock_ under control_).
  LogOutput output_;
  std::function<void(const LossReport&)> on_loss_;
  const base::Clock* clock_;
  const std::function<std::chrono::nanoseconds()> patience_ = [this] { return patience(); };
  std::vector<char> batch_;
  bool mid_line_ = false;
  bool gave_up_ = false;
  int error_ = 0;
  std::uint64_t reported_ring_full_ = 0;
  std::uint64_t reported_not_written_ = 0;
  std::optional<base::TimePoint> last_report_;
};

base::Result<std::unique_ptr<LineWriter>> LineWriter::open(LineWriterOptions options,
                                                           const base::Clock& clock) {
  base::Result<LogOutput> output = LogOutput::open(options.output);
  if (!output) return base::fail(std::move(output).error());
  std::string name = options.output;
  auto core = std::make_shared<Core>(std::move(options), std::move(*output), clock);
  std::unique_ptr<LineWriter> writer(new LineWriter(std::move(name), core));
  try {
    const SignalsBlocked blocked;
    writer->thread_->setStackSize(kStackBytes);
    writer->thread_->startFunc([core] {
      pthread_setname_np(pthread_self(), "berth-log");
      core->run();
    });
  } catch (const std::exception& e) {
    writer->stopped_ = true;
    return base::fail(base::ErrorCode::kExhausted,
                      std::string("cannot start the thread that writes logs: ") + e.what());
  }
  return writer;
}

LineWriter::LineWriter(std::string output, std::shared_ptr<Core> core)
    : output_(std::move(output)),
      core_(std::move(core)),
      thread_(std::make_unique<Poco::Thread>()) {}

LineWriter::~LineWriter() noexcept {
  if (!stopped_) stop(1s);
  core_->forget_owner();
}

bool LineWriter::put(std::string_view line) noexcept { return core_->put(line); }

void LineWriter::prepare_thread() noexcept { core_->prepare_thread(); }

base::Status<> LineWriter::reopen() {
  if (output_ == "stderr" || output_ == "stdout") return base::done();
  base::Result<LogOutput> output = LogOutput::open(output_);
  if (!output) return base::fail(std::move(output).error());
  core_->replace_output(std::move(*output));
  return base::done();
}

bool LineWriter::flush(std::chrono::nanoseconds bound) noexcept { return core_->flush(bound); }

bool LineWriter::stop(std::chrono::nanoseconds bound) noexcept {
  if (stopped_) return in_time_;
  stopped_ = true;
  core_->ask_to_stop(real_now() + bound);
  // The writer gives up at the bound by itself unless a system call keeps it (a dead NFS server).
  const auto grace = std::chrono::ceil<std::chrono::milliseconds>(bound + kGrace);
  const bool ended = thread_->tryJoin(static_cast<long>(grace.count()));
  core_->close();
  in_time_ = ended && !core_->gave_up();
  return in_time_;
}

std::uint64_t LineWriter::lost() const noexcept { return core_->lost(); }

}  // namespace berth::observe
