#include "serve/response_filters.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string>
#include <utility>

#include "base/limits.h"
#include "http/status.h"
#include "serve/response_writer.h"

namespace berth::serve {

namespace {

constexpr std::size_t kFilePiece = 65536;

}  // namespace

IoStatus ResponseFilters::add(ResponseFilter& filter) noexcept {
  ResponseWriter& r = response_;
  if (r.committed_ || r.done_ || r.failed() || r.status_ != 0 || inside()) {
    return base::fail(IoError::kState);
  }
  filter.outward_ = innermost_;
  innermost_ = live_ = &filter;
  r.filtered_ = true;
  return base::done();
}

void ResponseFilters::refuse(ResponseFilter& filter) noexcept {
  const bool others = std::exchange(response_.filtered_, true);  // so that the writer asks inside()
  filter.may_pass_ = false;
  (void)run(filter, [&] { return filter.on_end(base::fail(IoError::kState)); });
  response_.filtered_ = others;
}

template <class Callback>
IoStatus ResponseFilters::run(ResponseFilter& filter, const Callback& callback) noexcept {
  const ResponseFilter* const outer = std::exchange(inside_, &filter);
  IoStatus status = callback();
  inside_ = outer;
  return status;
}

template <class Callback>
IoStatus ResponseFilters::call(ResponseFilter& filter, const Callback& callback) noexcept {
  const IoStatus status = run(filter, callback);
  if (!status) return fail(filter, status.error());
  if (broken_) return base::fail(error_);  // one further out, and this one has not told
  return base::done();
}

IoStatus ResponseFilters::fail(const ResponseFilter& filter, IoError error) noexcept {
  response_.fail();
  broken_ = true;
  error_ = error;
  // Behind its on_head() all of them have seen the head, and an error reply has another one.
  live_ = in_head_ ? filter.outward_ : nullptr;
  opened_ = false;
  pending_.clear();
  return base::fail(error);
}

ResponseFilter* ResponseFilters::next_body_filter(ResponseFilter* filter) const noexcept {
  while (filter != nullptr && !filter->changes_body()) filter = filter->outward_;
  return filter;
}

IoStatus ResponseFilters::into(ResponseFilter* filter, std::string_view bytes) {
  filter = next_body_filter(filter);
  if (filter == nullptr) return response_.put(bytes);
  if (filter->expected_ && bytes.size() > *filter->expected_ - filter->taken_) {
    return base::fail(IoError::kTooLarge);
  }
  filter->taken_ += bytes.size();
  return call(*filter, [&] { return filter->on_body(bytes); });
}

IoStatus ResponseFilters::pass(const ResponseFilter& from, std::string_view bytes) {
  if (inside_ != &from || in_head_ || !from.may_pass_) return base::fail(IoError::kState);
  if (broken_) return base::fail(error_);
  ResponseWriter& r = response_;
  if (r.over()) return base::fail(IoError::kTimedOut);
  if (r.done_) return base::fail(IoError::kState);
  if (bytes.empty() || http::content_forbidden(r.status_)) return base::done();
  try {
    return into(from.outward_, bytes);
  } catch (const std::exception&) {  // std::bad_alloc: some of it may have gone out
    return fail(from, IoError::kExhausted);
  }
}

IoStatus ResponseFilters::open(std::string_view more) {
  ResponseWriter& r = response_;
  opened_ = true;
  if (r.status_ == 0) r.status_ = 200;
  // Before the bytes are changed: a filter may want to know, and a client wants what they are.
  if (!http::content_forbidden(r.status_)) r.put_content_type(pending_.view(), more);
  for (ResponseFilter* filter = live_; filter != nullptr; filter = filter->outward_) {
    const std::optional<std::uint64_t> length = r.declared_;
    length_set_ = false;
    in_head_ = true;
    const IoStatus status = call(*filter, [filter] { return filter->on_head(); });
    in_head_ = false;
    if (!status) return status;
    if (!filter->changes_body()) continue;
    filter->expected_ = length;
    if (!length_set_) r.declared_.reset();
  }
  return base::done();
}

IoStatus ResponseFilters::send_pending() {
  if (pending_.empty()) return base::done();
  IoStatus status = into(live_, pending_.view());
  pending_.clear();
  if (!status) {  // they were taken, and are lost
    response_.fail();
    error_ = status.error();
  }
  return status;
}

IoStatus ResponseFilters::begin_body(std::uint64_t size) {
  ResponseWriter& r = response_;
  if (inside()) return base::fail(IoError::kState);
  if (r.status_ == 0) r.status_ = 200;
  if (size == 0) return base::done();
  if (http::content_forbidden(r.status_)) return base::fail(IoError::kState);
  const ResponseFilter* const first = opened_ ? next_body_filter(live_) : nullptr;
  const std::optional<std::uint64_t>& length = first != nullptr ? first->expected_ : r.declared_;
  const std::uint64_t taken = first != nullptr ? first->taken_ : r.written_;
  if (length && size > *length - taken - pending_.size()) return base::fail(IoError::kTooLarge);
  has_body_ = true;
  return base::done();
}

IoStatus ResponseFilters::write(std::string_view bytes) {
  if (auto begun = begin_body(bytes.size()); !begun || bytes.empty()) return begun;
  if (pending_.size() + bytes.size() <= base::limits::kResponseBuffer) {
    pending_.append(bytes);
    return base::done();
  }
  return send(bytes);
}

IoStatus ResponseFilters::send(std::string_view bytes) {
  if (!opened_) {
    if (auto done = open(bytes); !done) return done;
  }
  if (auto sent = send_pending(); !sent) return sent;
  return bytes.empty() ? base::done() : into(live_, bytes);
}

IoStatus ResponseFilters::send_and_go_on(std::string_view bytes) {
  if (auto sent = send(bytes); !sent) return sent;
  if (response_.over()) return base::fail(IoError::kTimedOut);
  if (response_.failed()) return base::fail(error_);
  return base::done();
}

IoStatus ResponseFilters::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  if (auto begun = begin_body(size); !begun || size == 0) return begun;
  if (next_body_filter(live_) != nullptr) return copy_file(file, offset, size);
  if (auto sent = send_and_go_on({}); !sent) return sent;
  return response_.put_file(file, offset, size);
}

IoStatus ResponseFilters::copy_file(int file, std::uint64_t offset, std::uint64_t size) {
  std::string piece(std::min<std::uint64_t>(size, kFilePiece), '\0');
  while (size > 0) {
    const std::size_t wanted = std::min<std::uint64_t>(size, piece.size());
    const ssize_t got = ::pread(file, piece.data(), wanted, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      response_.fail();
      return base::fail(IoError::kInvalid);
    }
    const auto count = static_cast<std::size_t>(got);
    if (auto sent = send_and_go_on(std::string_view(piece).substr(0, count)); !sent) {
      response_.fail();  // part of the file cannot pass for all of it
      return sent;
    }
    offset += count;
    size -= count;
  }
  return base::done();
}

IoStatus ResponseFilters::flush() {
  if (inside()) return base::fail(IoError::kState);
  if (auto sent = send_and_go_on({}); !sent) return sent;
  if (http::content_forbidden(response_.status_)) return base::done();
  for (ResponseFilter* filter = next_body_filter(live_); filter != nullptr;
       filter = next_body_filter(filter->outward_)) {
    if (auto status = call(*filter, [filter] { return filter->on_body({}); }); !status) {
      return status;
    }
  }
  if (response_.failed()) return base::fail(error_);
  return base::done();
}

void ResponseFilters::discard() noexcept {
  pending_.clear();
  has_body_ = false;
  if (std::exchange(opened_, false)) live_ = nullptr;
}

IoStatus ResponseFilters::end_all() {
  ResponseWriter& r = response_;
  for (ResponseFilter* filter = live_; filter != nullptr; filter = filter->outward_) {
    const bool is_short = filter->expected_ && filter->taken_ < *filter->expected_;
    if (is_short && !r.head_request_ && !http::content_forbidden(r.status_)) {
      filter->on_short(filter->taken_, *filter->expected_);
      return fail(*filter, IoError::kInvalid);
    }
    filter->ended_ = true;
    const IoStatus status = call(*filter, [filter] { return filter->on_end(base::done()); });
    if (!status) return status;
  }
  return base::done();
}

IoStatus ResponseFilters::drain() {
  if (auto sent = send({}); !sent) return sent;
  if (auto ended = end_all(); !ended) return ended;
  if (response_.head_request_ && !has_body_) {
    // A handler need not write for HEAD: what filters add to nothing tells no length.
    response_.kept_.clear();
    response_.written_ = 0;
  }
  return base::done();
}

void ResponseFilters::end_until(const ResponseFilter* stop, IoError error) noexcept {
  for (ResponseFilter* filter = innermost_; filter != stop; filter = filter->outward_) {
    if (std::exchange(filter->ended_, true)) continue;
    filter->may_pass_ = false;
    (void)run(*filter, [&] { return filter->on_end(base::fail(error)); });
  }
}

void ResponseFilters::finish() {
  if (!any()) return;
  ResponseWriter& r = response_;
  while (!r.done_ && !r.over()) {
    if (r.failed()) {
      if (r.committed_ || error_ == IoError::kClosed) break;
      if (opened_) live_ = nullptr;
      end_until(live_, error_);
      r.reply_failure();
    }
    broken_ = false;
    const IoStatus drained = drain();
    if (drained) break;
    error_ = drained.error();
    if (!broken_) r.fail();  // else there are fewer filters now
  }
  if (r.over()) error_ = IoError::kTimedOut;
  end_until(nullptr, error_);
  clear();
}

void ResponseFilters::clear() noexcept {
  innermost_ = live_ = nullptr;
  response_.filtered_ = false;
  pending_.clear();
  error_ = IoError::kState;
  opened_ = in_head_ = length_set_ = broken_ = has_body_ = false;
}

void ResponseFilters::abandon() noexcept {
  if (!any()) return;
  response_.fail();
  inside_ = nullptr;
  end_until(nullptr, error_);
  clear();
}

}  // namespace berth::serve
