// Carries finished lines from any thread to one output: bounded rings, one per thread, drained by
// one writer thread. It formats nothing and never makes the giving thread wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace Poco {
class Thread;
}

namespace berth::observe {

// Lines lost since the last report.
struct LossReport {
  std::uint64_t ring_full = 0;    // the output was slower than the lines came
  std::uint64_t not_written = 0;  // write(2) failed: disk full, reader gone
  int error = 0;                  // errno behind not_written, the last one
};

struct LineWriterOptions {
  // "stderr", "stdout", or a file: appended to (O_APPEND, so copytruncate is safe), made with mode
  // 0640 if it is not there.
  std::string output = "stderr";
  // Per thread; a power of two. Lines take their bytes, nothing more.
  std::size_t ring_bytes = 64 * std::size_t{1024};
  // Called on the writer thread, at most once a minute and only if lines were lost. Must not block.
  std::function<void(const LossReport&)> on_loss = nullptr;
};

// put() from any thread; everything else from the thread that owns the writer.
class LineWriter {
 public:
  // Opens the output and starts the writer thread (all signals blocked). clock must outlive the
  // writer. Errors: the file cannot be opened (named), the thread cannot be started.
  [[nodiscard]] static base::Result<std::unique_ptr<LineWriter>> open(LineWriterOptions options,
                                                                      const base::Clock& clock);
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;
  // stop(1 s) if it was not called.
  ~LineWriter() noexcept;

  // Takes a copy of line, which ends in its only newline. False: lost (the ring is full, the line
  // is longer than a ring, the writer is stopped or the thread is ending) and counted. The first
  // line of a thread allocates its ring and takes a lock; every other is lock-free, and wakes the
  // writer by one system call if it sleeps. Lines of one thread keep their order; lines of
  // different threads may change places if they are given within milliseconds.
  bool put(std::string_view line) noexcept;
  // Makes the calling thread's ring now, so that no request pays for it.
  void prepare_thread() noexcept;

  // Opens the file anew (logrotate) and writes there from now on. Nothing to do for stderr and
  // stdout. On an error the old file stays in use.
  [[nodiscard]] base::Status<> reopen();
  // Waits until every line put() before the call is written or lost, at most `bound`. False: time
  // ran out.
  [[nodiscard]] bool flush(std::chrono::nanoseconds bound) noexcept;
  // Writes what is left, at most for `bound`, and ends the writer thread; later lines are lost.
  // False: time ran out (the output is stuck) and the rest is lost. A thread that a system call
  // keeps for a second longer is left behind. May be called twice.
  bool stop(std::chrono::nanoseconds bound) noexcept;

  // Lines lost since open(), for whatever reason. Any thread.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  class Core;  // shared with the writer thread, which may outlive this object when it is stuck
  LineWriter(std::string output, std::shared_ptr<Core> core);

  const std::string output_;
  const std::shared_ptr<Core> core_;
  const std::unique_ptr<Poco::Thread> thread_;
  bool stopped_ = false;  // stop() was called
  bool in_time_ = false;  // and this was its answer
};

}  // namespace berth::observe
