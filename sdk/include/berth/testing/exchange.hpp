// One request and its response inside a Recorder: the rules of abi.h, kept as a host keeps them.
// Not for use by tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/connection.hpp>
#include <berth/testing/message.hpp>
#include <berth/testing/misuse_list.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace berth::testing {

class Exchange {
 public:
  Exchange(RequestSpec spec, std::string pattern, MisuseList& misuse)
      : request(std::move(spec)), route(std::move(pattern)), misuse_(misuse) {
    const std::size_t mark = request.target.find('?');
    path = decode(request.target.substr(0, mark), false).value_or("");
    if (mark == std::string::npos) return;
    query = request.target.substr(mark + 1);
    for (std::size_t at = 0; at <= query.size();) {
      const std::size_t end = std::min(query.find('&', at), query.size());
      const std::string pair = query.substr(at, end - at);
      at = end + 1;
      const std::size_t equals = std::min(pair.find('='), pair.size());
      auto name = decode(pair.substr(0, equals), true);
      auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
      if (!pair.empty() && name && value) query_values.push_back({*name, *value});
    }
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

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
    if (response.status != 0) return fault(BERTH_E_STATE, call, name, "after the head");
    if (value && same_name(name, "Content-Length") && !number(*value)) {
      return fault(BERTH_E_INVALID, call, name, "is no number");
    }
    if (replace) {
      std::erase_if(response.headers, [&](const Field& f) { return same_name(f.name, name); });
    }
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

  // Whether so many bytes of the body may follow: BERTH_OK, and they are counted.
  std::int32_t admit(const std::string& call, std::uint64_t size) {
    if (cut) return BERTH_E_STATE;
    if (response.status == 0) response.status = 200;
    if (bodiless() && size != 0) {
      return fault(BERTH_E_STATE, call + " with status " + std::to_string(response.status));
    }
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
  std::int64_t write(std::string_view bytes) {
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
    if (response.status == 0) response.status = 200;
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
    ended_ = true;
    if (result > 0) {  // a host of 0.1 retains nothing
      misuse_.add("serve() returned " + std::to_string(result));
      result = BERTH_E_FAILED;
    }
    RecordedResponse seen = response;
    seen.result = result;
    if (seen.connection != nullptr) return seen;  // nothing of it is the host's any more
    if (cut) seen.complete = false;
    const std::optional<std::uint64_t> length = declared();
    if (result == BERTH_OK) {
      if (seen.status == 0) seen.status = 200;
      if (length && *length != written_ && request.method != "HEAD" && !bodiless()) {
        misuse_.add("wrote " + std::to_string(written_) + " bytes of a Content-Length of " +
                    std::to_string(*length));
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

  RequestSpec request;
  std::string route;
  std::string path;
  std::string query;
  std::vector<Field> query_values;
  bool body_ended = false;
  bool cut = false;  // a file was too short: nothing more can follow
  RecordedResponse response;

 private:
  std::int32_t check_field(const char* call, std::string_view name, std::string_view value) {
    constexpr std::array<std::string_view, 6> kFraming{
        "Connection", "Keep-Alive", "Proxy-Connection", "Trailer", "Transfer-Encoding", "Upgrade"};
    constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 s5.6.2
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             kTokenMarks.find(c) != std::string_view::npos;
    });
    if (!token) return fault(BERTH_E_INVALID, call, name, "which is no token");
    const bool text = std::all_of(value.begin(), value.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
    if (!text) return fault(BERTH_E_INVALID, call, name, "with a control character");
    for (const std::string_view framing : kFraming) {
      if (same_name(name, framing))
        return fault(BERTH_E_INVALID, call, name, "which is the host's");
    }
    return BERTH_OK;
  }
  std::int32_t check_trailer(const char* call, std::string_view name, std::string_view value) {
    constexpr std::array<std::string_view, 8> kForbidden{
        "Authorization", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range",
        "Content-Type",  "Host",          "Set-Cookie"};
    for (const std::string_view forbidden : kForbidden) {
      if (same_name(name, forbidden)) {
        return fault(BERTH_E_INVALID, call, name, "which may not be a trailer");
      }
    }
    return check_field(call, name, value);
  }
  static std::optional<std::uint64_t> number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  [[nodiscard]] std::optional<std::uint64_t> declared() const noexcept {
    const Field* field = find_field(response.headers, "Content-Length");
    return field == nullptr ? std::nullopt : number(field->value);
  }
  [[nodiscard]] bool bodiless() const noexcept {
    return response.status == 204 || response.status == 304;
  }
  static int error_status(std::int32_t result) noexcept {
    switch (result) {
      case BERTH_E_TOO_LARGE:
        return 413;
      case BERTH_E_TIMEOUT:
        return 408;
      case BERTH_E_CLOSED:
        return 0;
      default:
        return 500;
    }
  }
  // nullopt: a malformed escape.
  static std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      if (c == '+' && plus_is_blank) c = ' ';
      if (c == '%') {
        unsigned byte = 0;
        const char* const first = text.data() + i + 1;
        const std::size_t left = std::min<std::size_t>(2, text.size() - i - 1);
        if (std::from_chars(first, first + left, byte, 16).ptr != first + 2) return std::nullopt;
        c = static_cast<char>(byte);
        i += 2;
      }
      out += c;
    }
    return out;
  }

  MisuseList& misuse_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::atomic<bool> ended_ = false;
  std::size_t piece_ = 0;
  std::size_t offset_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace berth::testing
