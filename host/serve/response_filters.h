// What stands between a handler and the connection and sees the answer on its way out: head, body,
// end. A writer is never wrapped, so whoever holds it keeps all of its powers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/buffer.h"
#include "serve/transport.h"

namespace berth::serve {

class ResponseWriter;

// Belongs to whoever added it, until its on_end(). Calls come one at a time, on the thread that
// holds the exchange. A failure ends the response: an error reply if nothing is out, else it is
// cut.
class ResponseFilter {
 public:
  ResponseFilter() = default;
  ResponseFilter(const ResponseFilter&) = delete;
  ResponseFilter& operator=(const ResponseFilter&) = delete;
  virtual ~ResponseFilter() = default;

  // Once at most: the status is known, fields and trailers may still be changed. Where
  // changes_body(), a Content-Length that was set before is dropped unless this sets one.
  [[nodiscard]] virtual IoStatus on_head() noexcept = 0;
  // A piece of the body; what is passed on goes outward. Empty: pass on what was held back.
  [[nodiscard]] virtual IoStatus on_body(std::string_view bytes) noexcept = 0;
  // Exactly once, and last. A failure: the response was cut, hijacked, or somebody else answered,
  // and nothing can be passed on.
  [[nodiscard]] virtual IoStatus on_end(const IoStatus& result) noexcept = 0;
  // Whether on_body() is to be called; always the same.
  [[nodiscard]] virtual bool changes_body() const noexcept = 0;
  // Those inside of it wrote `taken` of the `expected` bytes they had declared, and no more will
  // come: the response fails. Before on_end().
  virtual void on_short(std::uint64_t taken, std::uint64_t expected) noexcept {
    static_cast<void>(taken);
    static_cast<void>(expected);
  }

 private:
  friend class ResponseFilters;

  ResponseFilter* outward_ = nullptr;
  std::optional<std::uint64_t> expected_;  // Content-Length of what comes in
  std::uint64_t taken_ = 0;                // of it
  bool may_pass_ = true;
  bool ended_ = false;
};

// Those of one response, around its writer; empty for most. What the handler writes is kept back up
// to limits::kResponseBuffer *before* the filters, so that an answer that fails early is replaced
// by an error reply that still passes all of them:
//
//   handler -> pending_ -> innermost on_head, on_body -> ... -> outermost -> ResponseWriter's own
//
// An error reply passes those that have not seen a head yet; where the client is gone there is
// none. After finish() it is empty again.
class ResponseFilters {
 public:
  explicit ResponseFilters(ResponseWriter& response) noexcept : response_(response) {}
  ResponseFilters(const ResponseFilters&) = delete;
  ResponseFilters& operator=(const ResponseFilters&) = delete;

  [[nodiscard]] bool any() const noexcept { return innermost_ != nullptr; }
  // The new innermost one. kState: a status was set or something written, or from within a filter.
  [[nodiscard]] IoStatus add(ResponseFilter& filter) noexcept;
  // Instead: its on_end(), with kState, is its only call.
  void refuse(ResponseFilter& filter) noexcept;
  // Hands bytes outward. kState: `from` is not inside on_body() or on_end(), or its on_end() got a
  // failure. After a failure of one further out, that failure again. kExhausted: no memory, and the
  // response fails as if one further out had. Where there is no body to send (204, 304) they are
  // dropped.
  [[nodiscard]] IoStatus pass(const ResponseFilter& from, std::string_view bytes);
  // Whether one of them has failed in the call that runs: what pass() returned is not news.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  // Lets the whole answer through, an error reply if the handler failed, and ends every filter.
  // Only ResponseWriter::finish() is left to do.
  void finish();
  // Ends every filter with a failure: for whoever cannot finish().
  void abandon() noexcept;

  // --- for ResponseWriter; REQUIRES: any()
  [[nodiscard]] IoStatus write(std::string_view bytes);
  [[nodiscard]] IoStatus send_file(int file, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] IoStatus flush();
  // The answer so far is dropped, and the filters that have seen its head are out of it.
  void discard() noexcept;
  // Whether a filter's on_head() runs, in which fields may be changed though the status is set.
  [[nodiscard]] bool in_head() const noexcept { return in_head_; }
  // Whether any filter runs, which writes by pass() alone.
  [[nodiscard]] bool inside() const noexcept { return inside_ != nullptr; }
  // Whether on_head() was called; false where there is none.
  [[nodiscard]] bool opened() const noexcept { return opened_; }
  void end_all_hijacked() noexcept { end_until(nullptr, IoError::kState); }
  // What those that are left will hear of, unless something else comes.
  void connection_failed(IoError error) noexcept { error_ = error; }
  void length_was_set() noexcept { length_set_ = true; }

 private:
  // Runs a callback of the filter as the one that is inside.
  template <class Callback>
  IoStatus run(ResponseFilter& filter, const Callback& callback) noexcept;
  // The same; a failure ends the response.
  template <class Callback>
  IoStatus call(ResponseFilter& filter, const Callback& callback) noexcept;
  IoStatus fail(const ResponseFilter& filter, IoError error) noexcept;
  [[nodiscard]] IoStatus begin_body(std::uint64_t size);
  // Shows them the head; `more` is the beginning of the body behind what is pending.
  [[nodiscard]] IoStatus open(std::string_view more);
  [[nodiscard]] IoStatus send_pending();
  // What was kept back, then these, behind the heads.
  [[nodiscard]] IoStatus send(std::string_view bytes);
  // The same for whoever goes on by itself: fails, too, where the response has ended meanwhile,
  // which a filter may have kept to itself.
  [[nodiscard]] IoStatus send_and_go_on(std::string_view bytes);
  [[nodiscard]] IoStatus copy_file(int file, std::uint64_t offset, std::uint64_t size);
  [[nodiscard]] IoStatus into(ResponseFilter* filter, std::string_view bytes);
  [[nodiscard]] IoStatus end_all();
  [[nodiscard]] IoStatus drain();
  [[nodiscard]] ResponseFilter* next_body_filter(ResponseFilter* filter) const noexcept;
  void end_until(const ResponseFilter* stop, IoError error) noexcept;
  void clear() noexcept;

  ResponseWriter& response_;
  ResponseFilter* innermost_ = nullptr;
  ResponseFilter* live_ = nullptr;  // where what is written goes in; null: none is left
  const ResponseFilter* inside_ = nullptr;
  base::Buffer pending_;
  IoError error_ = IoError::kState;  // why the filters inside of live_ are out of it
  bool opened_ = false;
  bool in_head_ = false;
  bool length_set_ = false;
  bool broken_ = false;    // a filter failed
  bool has_body_ = false;  // the handler wrote something
};

}  // namespace berth::serve
