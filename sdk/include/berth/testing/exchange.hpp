// One request and its response inside a Recorder: the rules of abi.h, kept as a host keeps them.
// Not for use by tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/connection.hpp>
#include <berth/testing/filters.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>
#include <berth/testing/rules.hpp>

#include <algorithm>
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
#include <vector>

namespace berth::testing {

class Exchange final : private FilteredResponse {
 public:
  Exchange(RequestSpec spec, std::string pattern, MisuseList& misuse)
      : request(std::move(spec)), route(std::move(pattern)), misuse_(misuse) {
    const std::size_t mark = request.target.find('?');
    path = decode(request.target.substr(0, mark), false).value_or("");
    if (mark == std::string::npos) return;
    query = request.target.substr(mark + 1);
    query_values = parse_query(query);
  }
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
      if (filter != nullptr) filters_.refuse(filter);
      return fault(BERTH_E_STATE, why);
    }
    if (filter != nullptr) filters_.add(filter);
    may_next_ = false;
    const std::int32_t result = enter();
    if (result == BERTH_OK) return result;
    if (response.status == 0) forget(response);  // whoever called it may answer instead
    if (response.status != 0 && lasting_ == BERTH_OK) lasting_ = result;
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

  // Notes a breach, and is the result of the call.
  std::int32_t fault(std::int32_t code, std::string_view what, std::string_view name = {},
                     std::string_view why = {}) {
    std::string text(what);
    if (!name.empty()) text.append(" of \"").append(name).append("\" ").append(why);
    misuse_.add(std::move(text));
    return code;
  }

  std::int64_t read(char* buffer, std::size_t capacity) {
    if (capacity == 0) return fault(BERTH_E_INVALID, "req_read with no room");
    while (piece_ < request.pieces.size() && offset_ == request.pieces[piece_].size()) {
      ++piece_;
      offset_ = 0;
    }
    if (piece_ == request.pieces.size()) {
      body_ended = request.body_error == BERTH_OK;
      return request.body_error;
    }
    const std::size_t size = request.pieces[piece_].copy(buffer, capacity, offset_);
    offset_ += size;
    return static_cast<std::int64_t>(size);
  }

  std::int32_t change_header(const char* call, std::string_view name,
                             std::optional<std::string_view> value, bool replace) {
    if (std::int32_t bad = check_field(call, name, value.value_or("")); bad != BERTH_OK) return bad;
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
    if (code < 200) {
      if (request.protocol != "HTTP/1.0")
        response.informational.push_back({code, response.headers});
      return BERTH_OK;
    }
    response.status = code;
    return BERTH_OK;
  }

  // Whether the handler may write so many bytes of the body now.
  std::int32_t check_write(const std::string& call, std::uint64_t size) {
    if (filters_.inside()) return fault(BERTH_E_STATE, call + " inside a filter");
    if (cut || filters_.failure() != BERTH_OK) return BERTH_E_STATE;
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
      return request.write_error;
    }
    written_ += size;
    return BERTH_OK;
  }
  [[nodiscard]] bool filtered() const noexcept { return filters_.any(); }
  std::int64_t write(std::string_view bytes) {
    if (const std::int32_t bad = check_write("resp_write", bytes.size()); bad != BERTH_OK) {
      return bad;
    }
    return filtered() && !bytes.empty() ? filters_.write(bytes) : put(bytes);
  }
  std::int64_t put(std::string_view bytes) override {
    if (const std::int32_t bad = admit("resp_write", bytes.size()); bad != BERTH_OK) return bad;
    if (request.method != "HEAD") response.body += bytes;
    return static_cast<std::int64_t>(bytes.size());
  }

  std::int32_t declare_trailer(std::string_view name) {
    if (response.status != 0) return fault(BERTH_E_STATE, "resp_trailer_declare after the head");
    return check_trailer("resp_trailer_declare", name, "");
  }
  std::int32_t add_trailer(std::string_view name, std::string_view value) {
    const std::int32_t result = check_trailer("resp_trailer_add", name, value);
    if (result == BERTH_OK) response.trailers.push_back({std::string(name), std::string(value)});
    return result;
  }
  std::int32_t flush() {
    if (filters_.inside()) return fault(BERTH_E_STATE, "flush inside a filter");
    if (response.status == 0) response.status = 200;
    if (const std::int64_t passed = filters_.write({}); passed < 0) {
      return static_cast<std::int32_t>(passed);
    }
    response.flushes.push_back(response.body.size());
    return BERTH_OK;
  }

  // Hands the connection to the plugin: nothing is left to answer with.
  RecordedConnection* take_connection() {
    auto taken = std::make_shared<RecordedConnection>(request, misuse_);
    response.connection = taken;
    return taken.get();
  }
  // Hijacked, and not closed yet.
  [[nodiscard]] bool holds_connection() const {
    return response.connection != nullptr && !response.connection->closed();
  }

  // What the client gets, after serve() returned `result`. Every later use is noted.
  RecordedResponse end(std::int32_t result) {
    if (result > 0) {  // a host of 0.1 retains nothing
      misuse_.add("serve() returned " + std::to_string(result));
      result = BERTH_E_FAILED;
    }
    const std::int32_t returned = result;
    result = end_filters(lasting_ == BERTH_OK ? result : lasting_);
    ended_ = true;
    RecordedResponse seen = response;
    seen.result = returned;
    if (seen.connection != nullptr) return seen;  // nothing of it is the host's any more
    if (cut) seen.complete = false;
    const std::optional<std::uint64_t> length = declared();
    if (result == BERTH_OK) {
      if (seen.status == 0) seen.status = 200;
      if (length && *length != written_ && request.method != "HEAD" && has_body()) {
        misuse_.add("wrote " + std::to_string(written_) + " bytes of a Content-Length of " +
                    std::to_string(*length));
        seen.complete = false;
      }
      if (length || request.protocol == "HTTP/1.0") seen.trailers.clear();
    } else if (seen.status != 0) {
      seen.complete = false;
    } else {
      forget(seen);
      seen.status = error_status(result);
    }
    return seen;
  }
  // For filter_pass().
  static std::int64_t pass(berth_sink* sink, std::string_view bytes) {
    auto& link = *reinterpret_cast<FilterLink*>(sink);
    return link.filters->pass(link, bytes);
  }

  RequestSpec request;
  std::string route;
  std::string path;
  std::string query;
  std::vector<Field> query_values;
  bool body_ended = false;
  bool cut = false;  // a file was too short: nothing more can follow
  RecordedResponse response;

 private:
  // Lets what filters there are see the end, and before it the head of an error reply of the host.
  // BERTH_OK: there is a whole response.
  std::int32_t end_filters(std::int32_t result) {
    if (!filters_.any()) return result;
    if (response.connection != nullptr) return filters_.finish(BERTH_E_STATE);
    if (result == BERTH_OK && response.status == 0) response.status = 200;
    if (result == BERTH_OK) result = filters_.open();
    if (filters_.failure() != BERTH_OK) return filters_.finish(filters_.failure());
    if (result == BERTH_OK) return filters_.finish(result);
    const int status = error_status(result);
    if (response.status != 0 || status == 0) return filters_.finish(result);
    forget(response);
    response.status = status;
    if (filters_.open() < 0) return filters_.finish(filters_.failure());
    return filters_.finish(BERTH_OK);
  }
  static void forget(RecordedResponse& answer) {
    answer.headers.clear();
    answer.trailers.clear();
  }
  [[nodiscard]] bool has_body() const noexcept override {
    return response.status != 204 && response.status != 304;
  }
  void forget_length() override { remove_field(response.headers, "Content-Length"); }
  [[nodiscard]] berth_response* handle() noexcept override {
    return reinterpret_cast<berth_response*>(this);
  }

  std::int32_t check_field(const char* call, std::string_view name, std::string_view value) {
    const char* const why = field_fault(name, value);
    return why == nullptr ? BERTH_OK : fault(BERTH_E_INVALID, call, name, why);
  }
  std::int32_t check_trailer(const char* call, std::string_view name, std::string_view value) {
    if (is_trailer_name(name)) return check_field(call, name, value);
    return fault(BERTH_E_INVALID, call, name, "which may not be a trailer");
  }
  [[nodiscard]] std::optional<std::uint64_t> declared() const noexcept override {
    const Field* field = find_field(response.headers, "Content-Length");
    return field == nullptr ? std::nullopt : number(field->value);
  }
  MisuseList& misuse_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> ended_ = false;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
  std::uint64_t written_ = 0;
  Filters filters_{*this};
  std::size_t middleware_count_ = 0;
  Steps steps_;
  std::size_t entered_ = 0;
  bool may_next_ = false;
  std::int32_t lasting_ = BERTH_OK;  // what failed behind a next() with some of it out
};

}  // namespace berth::testing
