// The connection that a handler hijacked inside a Recorder: what it reads is given, what it writes
// is kept. Not a socket: nothing waits.
#pragma once

#include <berth/abi.h>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace berth::testing {

// Any thread. It is there to the Recorder's end, so that use after close() is noted.
class RecordedConnection {
 public:
  RecordedConnection(const RequestSpec& request, MisuseList& misuse)
      : input_(request.connection_input),
        input_end_(request.connection_end),
        write_limit_(request.write_limit),
        write_error_(request.write_error),
        misuse_(misuse) {}
  RecordedConnection(const RecordedConnection&) = delete;
  RecordedConnection& operator=(const RecordedConnection&) = delete;

  // What the client got so far.
  [[nodiscard]] std::string written() const {
    const std::lock_guard lock(mutex_);
    return written_;
  }
  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  // As a host tells it: the input has ended, and the plugin is to say goodbye.
  void drain() const {
    const std::lock_guard lock(mutex_);
    draining_ = true;
  }
  // The timeout of each read and write so far, in milliseconds; negative: none.
  [[nodiscard]] std::vector<std::int32_t> read_timeouts() const {
    const std::lock_guard lock(mutex_);
    return read_timeouts_;
  }
  [[nodiscard]] std::vector<std::int32_t> write_timeouts() const {
    const std::lock_guard lock(mutex_);
    return write_timeouts_;
  }

  // --- berth.hijacker/1
  std::int64_t read(void* buffer, std::size_t capacity, std::int32_t timeout_ms) {
    const std::lock_guard lock(mutex_);
    if (closed_) return fault("read of a hijacked connection after close");
    if (buffer == nullptr || capacity == 0) return fault("read of a hijacked connection, no room");
    read_timeouts_.push_back(timeout_ms);
    while (piece_ < input_.size() && offset_ == input_[piece_].size()) {
      ++piece_;
      offset_ = 0;
    }
    if (draining_) return 0;
    if (piece_ == input_.size()) return input_end_;
    const std::size_t size = input_[piece_].copy(static_cast<char*>(buffer), capacity, offset_);
    offset_ += size;
    return static_cast<std::int64_t>(size);
  }
  std::int64_t write(const void* bytes, std::size_t size, std::int32_t timeout_ms) {
    const std::lock_guard lock(mutex_);
    if (closed_) return fault("write to a hijacked connection after close");
    if (bytes == nullptr && size != 0) return fault("write to a hijacked connection of nothing");
    write_timeouts_.push_back(timeout_ms);
    if (write_error_ != BERTH_OK && written_.size() + size > write_limit_) return write_error_;
    if (size != 0) written_ += std::string_view(static_cast<const char*>(bytes), size);
    return static_cast<std::int64_t>(size);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (closed_) static_cast<void>(fault("a hijacked connection was closed twice"));
    closed_ = true;
  }
  [[nodiscard]] std::int32_t draining() const {
    const std::lock_guard lock(mutex_);
    return draining_ ? 1 : 0;
  }

 private:
  std::int64_t fault(const char* what) {
    misuse_.add(what);
    return BERTH_E_INVALID;
  }

  const std::vector<std::string> input_;
  const std::int32_t input_end_;
  const std::size_t write_limit_;
  const std::int32_t write_error_;
  MisuseList& misuse_;
  mutable std::mutex mutex_;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
  std::string written_;
  bool closed_ = false;
  mutable bool draining_ = false;
  std::vector<std::int32_t> read_timeouts_;
  std::vector<std::int32_t> write_timeouts_;
};

}  // namespace berth::testing
