// One request and its response inside a Recorder: the rules of abi.h, kept as a host keeps them.
// Not for use by tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/connection.hpp>
#include <berth/testing/filters.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>
#include <berth/testing/received_request.hpp>
#include <berth/testing/rules.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace berth::testing {

class Exchange final : public ReceivedRequest, private FilteredResponse {
 public:
  Exchange(RequestSpec spec, std::string pattern, MisuseList& misuse)
      : ReceivedRequest(std::move(spec), std::move(pattern), misuse) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // Step i of the chain: middleware below `middleware_count`, else the handler.
  using Steps = std::function<std::int32_t(std::size_t)>;
  void set_chain(std::size_t middleware_count, Steps steps) {
    middleware_count_ = middleware_count;
    steps_ = std::move(steps);
  }
  // Runs the outermost step, and what it calls.
  std::int32_t enter() {
    const std::size_t step = entered_++;
    may_next_ = step < middleware_count_;
    const std::int32_t result = steps_(step);
    may_next_ = false;
    return result;
  }
  std::int32_t next(const berth_filter* filter) {
    const char* why = nullptr;
    const bool late = filter != nullptr && response.status != 0;
    if (late) why = "next() with a filter after the head";
    if (!may_next_) why = "next() a second time, or not from a middleware";
    if (filters_.inside()) why = "next() inside a filter";
    if (why != nullptr) {
      const std::int32_t refused = fault(BERTH_E_STATE, why);
      if (filter != nullptr) filters_.refuse(filter);
      return refused;
    }
    if (filter != nullptr) filters_.add(filter);
    may_next_ = false;
    const std::int32_t result = enter();
    if (result == BERTH_OK) return result;
    if (!filters_.opened() && failure() == BERTH_OK && response.connection == nullptr) {
      forget();  // whoever called it may answer instead
    } else if (lasting_ == BERTH_OK) {
      lasting_ = result;
    }
    return result;
  }

  // Whether a [request] call may be made now and here; if not it is noted.
  bool usable(const char* call) {
    const char* why = nullptr;
    if (ended_) why = " after serve() returned";
    if (why == nullptr && std::this_thread::get_id() != thread_) why = " on another thread";
    if (why == nullptr && response.connection != nullptr) why = " after hijack";
    if (why != nullptr) misuse_.add(std::string(call) + why);
    return why == nullptr;
  }

  std::int32_t change_header(const char* call, std::string_view name,
                             std::optional<std::string_view> value, bool replace) {
    const std::int32_t bad = check(call, name, field_fault(name, value.value_or("close")));
    if (bad != BERTH_OK) return bad;
    if (response.status != 0 && !filters_.in_head()) {
      return fault(BERTH_E_STATE, call, name, "after the head");
    }
    if (value && same_name(name, "Content-Length")) {
      if (!number(*value)) return fault(BERTH_E_INVALID, call, name, "is no number");
      filters_.length_was_set();
    }
    if (replace) remove_field(response.headers, name);
    if (value) response.headers.push_back({std::string(name), std::string(*value)});
    return BERTH_OK;
  }

  std::int32_t status(std::int32_t code) {
    const std::string call = "resp_status(" + std::to_string(code) + ")";
    if (code < 100 || code > 999 || code == 101) return fault(BERTH_E_INVALID, call);
    if (response.status != 0) return fault(BERTH_E_STATE, call + " after the head");
    if (code >= 200) {
      response.status = code;
    } else if (request.protocol != "HTTP/1.0") {
      response.informational.push_back({code, response.headers});
    }
    return BERTH_OK;
  }

  // Whether the handler may write so many bytes of the body now.
  std::int32_t check_write(const std::string& call, std::uint64_t size) {
    if (inside()) return fault(BERTH_E_STATE, call + " inside a filter");
    if (cut || failure() != BERTH_OK) return BERTH_E_STATE;
    if (response.status == 0) response.status = 200;
    if (!has_body() && size != 0) {
      return fault(BERTH_E_STATE, call + " with status " + std::to_string(response.status));
    }
    return BERTH_OK;
  }
  // Whether the connection takes them: BERTH_OK, and they are counted.
  std::int32_t admit(const std::string& call, std::uint64_t size) {
    const std::optional<std::uint64_t> length = declared();
    if (length && written_ + size > *length) {
      return fault(BERTH_E_TOO_LARGE, call + " beyond the Content-Length");
    }
    if (request.write_error != BERTH_OK && written_ + size > request.write_limit) {
      sent_ = true;
      return request.write_error;
    }
    written_ += size;
    return BERTH_OK;
  }
  // Whether there is middleware: what is written is kept back at first, and passes the filters.
  [[nodiscard]] bool chained() const noexcept { return middleware_count_ > 0; }
  [[nodiscard]] bool inside() const noexcept { return filters_.inside(); }
  std::int64_t write(std::string_view bytes) {
    const std::int32_t bad = check_write("resp_write", bytes.size());
    if (bad != BERTH_OK) return bad;
    return chained() && !bytes.empty() ? filters_.write(bytes) : put(bytes);
  }
  // For a file: whether so much may follow, then its pieces.
  std::int32_t begin_file(std::uint64_t size) {
    const std::int32_t bad = check_write("send_file", size);
    if (bad == BERTH_OK && chained()) return filters_.admit(size);
    return bad == BERTH_OK ? admit("send_file", size) : bad;
  }
  std::int64_t write_file(std::string_view piece) {
    if (!chained()) response.body += piece;
    const std::int64_t written = chained() ? filters_.send(piece) : 0;
    sent_ = sent_ || !filters_.change_body();
    return written;
  }
  std::int32_t file_is_shorter() {
    cut = !chained();
    if (lasting_ == BERTH_OK) lasting_ = BERTH_E_FAILED;
    return BERTH_E_FAILED;
  }
  std::int64_t put(std::string_view bytes) override {
    if (const std::int32_t bad = admit("resp_write", bytes.size()); bad != BERTH_OK) return bad;
    if (request.method != "HEAD") response.body += bytes;
    sent_ = sent_ || response.body.size() > Filters::kKeptBack;
    return static_cast<std::int64_t>(bytes.size());
  }

  std::int32_t declare_trailer(std::string_view name) {
    if (response.status != 0) return fault(BERTH_E_STATE, "resp_trailer_declare after the head");
    return check("resp_trailer_declare", name, trailer_fault(name, ""));
  }
  std::int32_t add_trailer(std::string_view name, std::string_view value) {
    const std::int32_t result = check("resp_trailer_add", name, trailer_fault(name, value));
    if (result == BERTH_OK) response.trailers.push_back({std::string(name), std::string(value)});
    return result;
  }
  std::int32_t flush() {
    if (inside()) return fault(BERTH_E_STATE, "flush inside a filter");
    if (failure() != BERTH_OK) return BERTH_E_STATE;
    if (response.status == 0) response.status = 200;
    if (const std::int32_t failed = chained() ? filters_.flush() : 0; failed < 0) return failed;
    sent_ = true;
    response.flushes.push_back(response.body.size());
    return BERTH_OK;
  }

  // Hands the connection to the plugin: nothing is left to answer with.
  RecordedConnection* take_connection() {
    filters_.end_all(BERTH_E_STATE);
    const auto taken = std::make_shared<RecordedConnection>(request, misuse_);
    response.connection = taken;
    return taken.get();
  }
  [[nodiscard]] bool holds_connection() const {  // hijacked, and not closed yet
    return response.connection != nullptr && !response.connection->closed();
  }

  // What the client gets, after serve() returned `result`. Every later use is noted.
  RecordedResponse end(std::int32_t result) {
    if (result > 0) {  // a host of 0.1 retains nothing
      misuse_.add("serve() returned " + std::to_string(result));
      result = BERTH_E_FAILED;
    }
    response.result = result;
    if (chained() && response.connection == nullptr) result = end_chain(result);
    ended_ = true;
    RecordedResponse seen = response;
    seen.values = request.values[BERTH_SCOPE_REQUEST];
    seen.connection_values = request.values[BERTH_SCOPE_CONNECTION];
    if (seen.connection != nullptr) return seen;  // nothing of it is the host's any more
    const std::optional<std::uint64_t> length = declared();
    seen.complete = !cut;
    if (result == BERTH_OK) {
      if (seen.status == 0) seen.status = 200;
      if (length && *length != written_ && request.method != "HEAD" && has_body()) {
        static_cast<void>(too_short(written_, *length));
        seen.complete = false;
      }
      if (length || request.protocol == "HTTP/1.0") seen.trailers.clear();
    } else if (seen.status != 0) {
      seen.complete = false;
    } else {
      seen.headers.clear();
      seen.trailers.clear();
      seen.status = error_status(result);
    }
    return seen;
  }
  // For filter_pass().
  static std::int64_t pass(berth_sink* sink, std::string_view bytes) {
    auto& link = *reinterpret_cast<FilterLink*>(sink);
    return link.filters->pass(link, bytes);
  }

  bool cut = false;  // a file was too short: nothing more can follow
  RecordedResponse response;

 private:
  // What has ended the response for good; BERTH_OK: nothing has.
  [[nodiscard]] std::int32_t failure() const noexcept {
    return filters_.failure() != BERTH_OK ? filters_.failure() : lasting_;
  }
  // Lets what was kept back out, or an error reply of the host while nothing was sent, and ends the
  // filters. BERTH_OK: there is a whole response.
  std::int32_t end_chain(std::int32_t result) {
    if (failure() != BERTH_OK) result = failure();
    if (result == BERTH_OK) {
      if (response.status == 0) response.status = 200;
      result = filters_.drain();
    }
    const std::int32_t why = result;
    while (result != BERTH_OK && !sent_) {
      forget();
      response.status = error_status(result);
      if (response.status == 0) break;
      result = filters_.reply(error_text(response.status), why);
    }
    filters_.end_all(why);
    return result;
  }
  void forget() {
    response.headers.clear();
    response.trailers.clear();
    response.status = 0;
    response.body.clear();
    written_ = 0;
    filters_.forget();
  }
  std::int32_t too_long() override {
    return fault(BERTH_E_TOO_LARGE, "resp_write beyond the Content-Length");
  }
  std::int32_t too_short(std::uint64_t size, std::uint64_t length) override {
    const std::string wrote = "wrote " + std::to_string(size) + " bytes of a Content-Length of ";
    return fault(BERTH_E_INVALID, wrote + std::to_string(length));
  }
  [[nodiscard]] std::uint64_t written() const noexcept override { return written_; }
  [[nodiscard]] bool has_body() const noexcept override {
    return response.status != 204 && response.status != 205 && response.status != 304;
  }
  void forget_length() override { remove_field(response.headers, "Content-Length"); }
  [[nodiscard]] berth_response* handle() noexcept override {
    return reinterpret_cast<berth_response*>(this);
  }

  std::int32_t check(const char* call, std::string_view name, const char* why) {
    return why == nullptr ? BERTH_OK : fault(BERTH_E_INVALID, call, name, why);
  }
  [[nodiscard]] std::optional<std::uint64_t> declared() const noexcept override {
    const Field* field = find_field(response.headers, "Content-Length");
    return field == nullptr ? std::nullopt : number(field->value);
  }

  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> ended_ = false;
  std::uint64_t written_ = 0;
  Filters filters_{*this};
  std::size_t middleware_count_ = 0;
  Steps steps_;
  std::size_t entered_ = 0;
  bool may_next_ = false;
  std::int32_t lasting_ = BERTH_OK;  // what failed behind a next() with some of it out
  bool sent_ = false;                // something of it, so that no error reply can replace it
};

}  // namespace berth::testing
