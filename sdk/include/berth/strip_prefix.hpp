// A handler below a prefix of the path that it does not know of (Go's http.StripPrefix). Not a
// router: there is one handler, and all else is a 404.
#pragma once

#include <berth/error_reply.hpp>
#include <berth/handler.hpp>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace berth {

namespace detail {

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Takes the first byte of an escaped text off it, decoded. A malformed escape is its "%".
// REQUIRES: text is not empty.
constexpr char take_decoded(std::string_view& text) noexcept {
  const char first = text.front();
  if (first == '%' && text.size() > 2 && hex_value(text[1]) >= 0 && hex_value(text[2]) >= 0) {
    const char byte = static_cast<char>(hex_value(text[1]) * 16 + hex_value(text[2]));
    text.remove_prefix(3);
    return byte;
  }
  text.remove_prefix(1);
  return first;
}

// What follows the prefix in a path that is still escaped; nullopt: it does not begin with it. An
// escaped slash is a byte of its segment and divides none.
inline std::optional<std::string_view> behind_prefix(std::string_view raw_path,
                                                     std::string_view prefix) noexcept {
  for (const char expected : prefix) {
    if (raw_path.empty()) return std::nullopt;
    const bool divides = raw_path.front() == '/';
    if (take_decoded(raw_path) != expected || divides != (expected == '/')) return std::nullopt;
  }
  if (!raw_path.empty() && raw_path.front() != '/') return std::nullopt;
  return raw_path;
}

}  // namespace detail

// Owns the handler, and gives it a request whose path() and raw_path() lack the prefix; all else of
// the request, target() too, is as it was, so that redirect() still leads to where the client sees
// it. The prefix is matched segment by segment: "/foo" takes "/foo" (as "/") and "/foo/bar" (as
// "/bar"), neither "/foobar" nor "/foo%2Fbar"; those are a 404. Escapes of other bytes do not
// matter: "/f%6Fo/bar" matches. It stacks.
class StripPrefix : public Handler {
 public:
  // prefix: decoded, "/" first; a final "/" says nothing. Throws std::invalid_argument else, or
  // where there is no handler.
  StripPrefix(std::string prefix, std::unique_ptr<Handler> handler)
      : prefix_(std::move(prefix)), handler_(std::move(handler)) {
    if (!prefix_.starts_with('/') || handler_ == nullptr) {
      throw std::invalid_argument("StripPrefix takes a prefix that begins with / and a handler");
    }
    while (prefix_.ends_with('/')) prefix_.pop_back();
  }

  void serve(ResponseWriter& response, Request& request) override {
    const auto raw_rest = detail::behind_prefix(request.raw_path(), prefix_);
    const std::string_view path = request.path();
    if (!raw_rest || !path.starts_with(prefix_)) return not_found(response);
    const std::string_view rest = path.substr(prefix_.size());
    Request below(request, rest.empty() ? "/" : rest, raw_rest->empty() ? "/" : *raw_rest);
    handler_->serve(response, below);
  }

 private:
  std::string prefix_;
  const std::unique_ptr<Handler> handler_;
};

}  // namespace berth
