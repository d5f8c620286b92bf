// The filters around the response of one Exchange: the rules of abi.h for next() and filter_pass().
// Not for use by tests but through Recorder.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  virtual std::int64_t put(std::string_view bytes) = 0;
  [[nodiscard]] virtual bool has_body() const noexcept = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> declared() const noexcept = 0;
  virtual void forget_length() = 0;
  [[nodiscard]] virtual berth_response* handle() noexcept = 0;

 protected:
  ~FilteredResponse() = default;
};

class Filters;

struct FilterLink {
  Filters* filters;
  const berth_filter* table;
  std::size_t place;  // 0: outermost
  std::optional<std::uint64_t> expected;
  std::uint64_t taken = 0;
  bool seen_head = false;
  bool may_pass = true;
};

// Outermost first, in the order of their next().
class Filters {
 public:
  explicit Filters(FilteredResponse& response) : response_(response) {}
  Filters(const Filters&) = delete;
  Filters& operator=(const Filters&) = delete;

  [[nodiscard]] bool any() const noexcept { return !links_.empty(); }
  [[nodiscard]] bool inside() const noexcept { return inside_ != nullptr; }
  [[nodiscard]] bool in_head() const noexcept { return in_head_; }
  void length_was_set() noexcept { length_set_ = true; }
  // What a filter returned first; BERTH_OK: none failed.
  [[nodiscard]] std::int32_t failure() const noexcept { return failure_; }

  void add(const berth_filter* table) {
    links_.push_back(std::make_unique<FilterLink>());
    FilterLink& link = *links_.back();
    link.filters = this;
    link.table = table;
    link.place = links_.size() - 1;
  }
  // Its only call, for one that next() has refused.
  void refuse(const berth_filter* table) {
    FilterLink link{this, table, links_.size(), {}, 0, true, false};
    static_cast<void>(end(link, BERTH_E_STATE));
  }

  // on_head() of all that have not had it.
  std::int32_t open() {
    for (std::size_t i = links_.size(); i-- > 0 && failure_ == BERTH_OK;) {
      FilterLink& link = *links_[i];
      if (std::exchange(link.seen_head, true)) continue;
      const auto length = response_.declared();
      length_set_ = false;
      in_head_ = true;
      const auto head = link.table->on_head;
      const std::int32_t result =
          head == nullptr ? BERTH_OK
                          : call(link, [&] { return head(link.table->self, response_.handle()); });
      in_head_ = false;
      note(result);
      if (link.table->on_body == nullptr) continue;
      link.expected = length;
      if (!length_set_) response_.forget_length();
    }
    return failure_;
  }
  // What the handler writes; empty: it flushes.
  std::int64_t write(std::string_view bytes) {
    if (const std::int32_t opened = open(); opened < 0) return opened;
    if (!bytes.empty()) return into(links_.size(), bytes);
    for (std::size_t i = links_.size(); i-- > 0 && response_.has_body();) {
      if (links_[i]->table->on_body != nullptr) note(body(*links_[i], {}));
    }
    return failure_;
  }
  std::int64_t pass(FilterLink& link, std::string_view bytes) {
    if (inside_ != &link || in_head_ || !link.may_pass) return BERTH_E_STATE;
    if (bytes.empty() || !response_.has_body()) return static_cast<std::int64_t>(bytes.size());
    return into(link.place, bytes);
  }
  // on_end() of all. BERTH_OK, or what failed.
  std::int32_t finish(std::int32_t result) {
    for (std::size_t i = links_.size(); i-- > 0;) {
      FilterLink& link = *links_[i];
      if (result == BERTH_OK && response_.has_body() && link.expected &&
          link.taken < *link.expected) {
        result = BERTH_E_INVALID;
      }
      link.may_pass = result == BERTH_OK;
      const std::int32_t ended = end(link, result);
      if (result == BERTH_OK) result = ended;
    }
    links_.clear();
    return result;
  }

 private:
  template <class Call>
  std::int32_t call(FilterLink& link, const Call& callback) {
    FilterLink* const outer = std::exchange(inside_, &link);
    const std::int32_t result = callback();
    inside_ = outer;
    return result;
  }
  void note(std::int32_t result) noexcept {
    if (result < 0 && failure_ == BERTH_OK) failure_ = result;
  }
  static berth_sink* sink(FilterLink& link) { return reinterpret_cast<berth_sink*>(&link); }
  std::int32_t body(FilterLink& link, std::string_view bytes) {
    return call(link, [&] {
      return link.table->on_body(link.table->self, response_.handle(), sink(link), bytes.data(),
                                 bytes.size());
    });
  }
  std::int32_t end(FilterLink& link, std::int32_t result) {
    if (link.table->on_end == nullptr) return BERTH_OK;
    return call(link, [&] {
      return link.table->on_end(link.table->self, response_.handle(), sink(link), result);
    });
  }
  // Into the next body filter outward of `place`.
  std::int64_t into(std::size_t place, std::string_view bytes) {
    while (place > 0 && links_[place - 1]->table->on_body == nullptr) --place;
    if (place == 0) return response_.put(bytes);
    FilterLink& link = *links_[place - 1];
    if (link.expected && bytes.size() > *link.expected - link.taken) return BERTH_E_TOO_LARGE;
    link.taken += bytes.size();
    const std::int32_t result = body(link, bytes);
    note(result);
    return result < 0 ? result : static_cast<std::int64_t>(bytes.size());
  }

  FilteredResponse& response_;
  std::vector<std::unique_ptr<FilterLink>> links_;
  FilterLink* inside_ = nullptr;
  std::int32_t failure_ = BERTH_OK;
  bool in_head_ = false;
  bool length_set_ = false;
};

}  // namespace berth::testing
