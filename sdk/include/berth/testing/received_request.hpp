// The request of one Exchange inside a Recorder, as a plugin reads it. Not for use by tests but
// through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/request.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>
#include <berth/testing/rules.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing {

class ReceivedRequest {
 public:
  ReceivedRequest(RequestSpec spec, std::string pattern, MisuseList& misuse)
      : request(std::move(spec)), route(std::move(pattern)), misuse_(misuse) {
    const std::size_t mark = request.target.find('?');
    path = decode(detail::path_of_target(request.target), false).value_or("");
    if (mark == std::string::npos) return;
    query = request.target.substr(mark + 1);
    query_values = parse_query(query);
  }
  ReceivedRequest(const ReceivedRequest&) = delete;
  ReceivedRequest& operator=(const ReceivedRequest&) = delete;

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

  RequestSpec request;
  std::string route;
  std::string path;
  std::string query;
  std::vector<Field> query_values;
  bool body_ended = false;

 protected:
  ~ReceivedRequest() = default;

  MisuseList& misuse_;

 private:
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace berth::testing
