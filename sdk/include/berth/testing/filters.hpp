// The way of one Exchange's answer out of a chain of middleware: what a host keeps back, and the
// filters, by the rules of abi.h for next() and filter_pass(). Not for use by tests but through
// Recorder.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing {

// What the filters are told about, and what they change: the exchange.
class FilteredResponse {
 public:
  FilteredResponse() = default;
  FilteredResponse(const FilteredResponse&) = delete;
  FilteredResponse& operator=(const FilteredResponse&) = delete;
  // To the client: the size, or a berth_errc.
  virtual std::int64_t put(std::string_view bytes) = 0;
  [[nodiscard]] virtual bool has_body() const noexcept = 0;
  // Content-Length as set so far, and how much of the body was put.
  [[nodiscard]] virtual std::optional<std::uint64_t> declared() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t written() const noexcept = 0;
  virtual void forget_length() = 0;
  // Notes that the body is longer, or shorter, than was declared; the result for whoever did that.
  virtual std::int32_t too_long() = 0;
  virtual std::int32_t too_short(std::uint64_t written, std::uint64_t declared) = 0;
  [[nodiscard]] virtual berth_response* handle() noexcept = 0;

 protected:
  ~FilteredResponse() = default;
};

class Filters;

struct FilterLink {
  Filters* filters;
  const berth_filter* table;
  std::size_t place;                      // 0: outermost
  std::optional<std::uint64_t> expected;  // bytes that were declared to it
  std::uint64_t taken = 0;                // of them
  bool may_pass = true;
  bool ended = false;
};

// Outermost first, in the order of their next(). What is written is kept back before them, up to
// kKeptBack bytes.
class Filters {
 public:
  static constexpr std::size_t kKeptBack = 2048;

  explicit Filters(FilteredResponse& response) : response_(response) {}
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  [[nodiscard]] bool inside() const noexcept { return inside_ != nullptr; }
  [[nodiscard]] bool in_head() const noexcept { return in_head_; }
  // Whether what was written has left what is kept back.
  [[nodiscard]] bool opened() const noexcept { return opened_; }
  [[nodiscard]] bool change_body() const noexcept { return body_filter(live_) != nullptr; }
  void length_was_set() noexcept { length_set_ = true; }
  // What failed first, of a filter or of the client; BERTH_OK: nothing has.
  [[nodiscard]] std::int32_t failure() const noexcept { return failure_; }

  void add(const berth_filter* table) {
    links_.push_back(std::make_unique<FilterLink>());
    FilterLink& link = *links_.back();
    link.filters = this;
    link.table = table;
    link.place = links_.size() - 1;
    live_ = links_.size();
  }
  // Its only call, for one that next() has refused; none from within that.
  void refuse(const berth_filter* table) {
    if (table == refused_) return;
    const berth_filter* const outer = std::exchange(refused_, table);
    FilterLink link{this, table, links_.size(), {}, 0, false};
    static_cast<void>(end(link, BERTH_E_STATE));
    refused_ = outer;
  }

  // Whether so many bytes more are within what was declared: BERTH_OK.
  std::int32_t admit(std::uint64_t size) {
    const FilterLink* const first = opened_ ? body_filter(live_) : nullptr;
    const auto length = first != nullptr ? first->expected : response_.declared();
    const std::uint64_t taken = first != nullptr ? first->taken : response_.written();
    const bool fits = !length || taken + kept_.size() + size <= *length;
    return fits ? std::int32_t{BERTH_OK} : response_.too_long();
  }
  // What somebody in the chain writes.
  std::int64_t write(std::string_view bytes) {
    if (const std::int32_t bad = admit(bytes.size()); bad != BERTH_OK) return bad;
    if (kept_.size() + bytes.size() > kKeptBack) return send(bytes);
    kept_ += bytes;
    return static_cast<std::int64_t>(bytes.size());
  }
  // What is kept back, then these, behind the heads.
  std::int64_t send(std::string_view bytes) {
    if (!opened_) {
      if (const std::int32_t failed = open(); failed < 0) return failed;
    }
    if (const std::string kept = std::exchange(kept_, {}); !kept.empty()) {
      if (const std::int64_t sent = into(live_, kept); sent < 0) {
        return note(static_cast<std::int32_t>(sent));  // they were taken, and are lost
      }
    }
    return bytes.empty() ? 0 : into(live_, bytes);
  }
  std::int32_t flush() {
    if (const std::int64_t sent = send({}); sent < 0) return static_cast<std::int32_t>(sent);
    for (std::size_t i = live_; i-- > 0 && response_.has_body() && broken_ == BERTH_OK;) {
      if (links_[i]->table->on_body != nullptr) static_cast<void>(body(*links_[i], {}));
    }
    return broken_;
  }
  std::int64_t pass(FilterLink& link, std::string_view bytes) {
    if (inside_ != &link || in_head_ || !link.may_pass) return BERTH_E_STATE;
    if (broken_ != BERTH_OK) return broken_;
    if (bytes.empty() || !response_.has_body()) return static_cast<std::int64_t>(bytes.size());
    return into(link.place, bytes);
  }

  // All that was written so far is as if it had not been. REQUIRES: !opened().
  void forget() { kept_.clear(); }
  // Lets the rest out and ends those that are left. BERTH_OK, or what failed: see fail().
  std::int32_t drain() {
    if (const std::int64_t sent = send({}); sent < 0) return static_cast<std::int32_t>(sent);
    for (std::size_t i = live_; i-- > 0;) {
      FilterLink& link = *links_[i];
      if (response_.has_body() && link.expected && link.taken < *link.expected) {
        return fail(link, response_.too_short(link.taken, *link.expected));
      }
      link.ended = true;
      const std::int32_t ended = end(link, BERTH_OK);
      if (ended < 0) return fail(link, ended);
      if (broken_ != BERTH_OK) return broken_;
    }
    return BERTH_OK;
  }
  // An error reply of the host, to those that have seen no head; the others hear why. Bytes only
  // where a filter sees them.
  std::int32_t reply(std::string_view text, std::int32_t why) {
    if (opened_) live_ = 0;
    end_until(live_, why);
    opened_ = false;
    broken_ = BERTH_OK;
    kept_ = body_filter(live_) != nullptr ? text : std::string_view{};
    return drain();
  }
  // on_end() of all that have not had it.
  void end_all(std::int32_t why) { end_until(0, why); }

 private:
  template <class Call>
  std::int32_t call(FilterLink& link, const Call& callback) {
    FilterLink* const outer = std::exchange(inside_, &link);
    const std::int32_t result = callback();
    inside_ = outer;
    return result;
  }
  std::int32_t note(std::int32_t result) noexcept {
    if (failure_ == BERTH_OK) failure_ = result;
    broken_ = result;
    return result;
  }
  // In its on_head() those further out are left; behind that they have seen a head.
  std::int32_t fail(const FilterLink& link, std::int32_t result) noexcept {
    live_ = in_head_ ? link.place : 0;
    opened_ = in_head_ = false;
    kept_.clear();
    return note(result);
  }
  std::int32_t open() {
    opened_ = true;
    for (std::size_t i = live_; i-- > 0;) {
      FilterLink& link = *links_[i];
      const auto length = response_.declared();
      length_set_ = false;
      in_head_ = true;
      const auto head = link.table->on_head;
      const std::int32_t result =
          head == nullptr ? std::int32_t{BERTH_OK}
                          : call(link, [&] { return head(link.table->self, response_.handle()); });
      if (result < 0) return fail(link, result);
      in_head_ = false;
      if (link.table->on_body == nullptr) continue;
      link.expected = length;
      if (!length_set_) response_.forget_length();
    }
    return BERTH_OK;
  }
  static berth_sink* sink(FilterLink& link) { return reinterpret_cast<berth_sink*>(&link); }
  std::int32_t body(FilterLink& link, std::string_view bytes) {
    const std::int32_t result = call(link, [&] {
      return link.table->on_body(link.table->self, response_.handle(), sink(link), bytes.data(),
                                 bytes.size());
    });
    return result < 0 ? fail(link, result) : broken_;
  }
  std::int32_t end(FilterLink& link, std::int32_t result) {
    if (link.table->on_end == nullptr) return BERTH_OK;
    return call(link, [&] {
      return link.table->on_end(link.table->self, response_.handle(), sink(link), result);
    });
  }
  void end_until(std::size_t place, std::int32_t why) {
    for (std::size_t i = links_.size(); i-- > place;) {
      if (std::exchange(links_[i]->ended, true)) continue;
      links_[i]->may_pass = false;
      static_cast<void>(end(*links_[i], why));
    }
  }
  // The innermost that changes the body, of those outward of `place`; null: none.
  [[nodiscard]] FilterLink* body_filter(std::size_t place) const noexcept {
    while (place > 0 && links_[place - 1]->table->on_body == nullptr) --place;
    return place == 0 ? nullptr : links_[place - 1].get();
  }
  std::int64_t into(std::size_t place, std::string_view bytes) {
    FilterLink* const link = body_filter(place);
    if (link == nullptr) {
      const std::int64_t sent = response_.put(bytes);
      const bool lost = sent < 0 && sent != BERTH_E_TOO_LARGE;  // the client
      return lost ? note(static_cast<std::int32_t>(sent)) : sent;
    }
    if (link->expected && bytes.size() > *link->expected - link->taken) {
      return response_.too_long();
    }
    link->taken += bytes.size();
    const std::int32_t result = body(*link, bytes);
    return result < 0 ? result : static_cast<std::int64_t>(bytes.size());
  }

  FilteredResponse& response_;
  std::vector<std::unique_ptr<FilterLink>> links_;
  std::size_t live_ = 0;  // how many, from the outermost, the answer still passes
  FilterLink* inside_ = nullptr;
  const berth_filter* refused_ = nullptr;
  std::string kept_;
  std::int32_t failure_ = BERTH_OK;
  std::int32_t broken_ = BERTH_OK;  // the last failure; none yet for an error reply
  bool opened_ = false;
  bool in_head_ = false;
  bool length_set_ = false;
};

}  // namespace berth::testing
