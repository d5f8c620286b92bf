// Sends a client somewhere else (Go's http.Redirect, RFC 9110 s15.4). It does not judge where to: a
// location made of a client's text leads wherever that client wants.
#pragma once

#include <berth/abi.h>
#include <berth/request.hpp>
#include <berth/response.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

namespace detail {

// Empty: no status of a redirect.
constexpr std::string_view redirect_text(int status) noexcept {
  switch (status) {
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    default:
      return {};
  }
}

constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Whether it begins with a scheme and ":" (RFC 3986 s3.1), or with the "//" of an authority.
inline bool has_scheme_or_authority(std::string_view location) noexcept {
  if (location.starts_with("//")) return true;
  if (location.empty() || !is_letter(location.front())) return false;
  const auto in_scheme = [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  const auto* const end = std::find_if_not(location.begin(), location.end(), in_scheme);
  return end != location.end() && *end == ':';
}

// Every byte that no URI holds (RFC 3986 s2) as %XX: blanks, controls, quotes, "\" and all that is
// not ASCII. A "%" stays, for what is escaped already stays as it is.
inline std::string escape_location(std::string_view location) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : location) {
    if (is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append("%").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    }
  }
  return out;
}

// An absolute path with "." and ".." resolved (".." above the root is the root) and "//" merged; a
// final "/" stays, and one takes the place of a final "." or ".." (RFC 3986 s5.2.4).
inline std::string clean_location(std::string_view path) {
  std::string out;
  bool folder = false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    at = end + 1;
    folder = end < path.size() || segment == "." || segment == "..";
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      out.erase(std::min(out.rfind('/'), out.size()));
    } else {
      out.append("/").append(segment);
    }
  }
  if (folder || out.empty()) out += '/';
  return out;
}

// A target has no fragment, so "#" in one is a byte of its path or query (RFC 9112 s3.2).
inline std::string without_fragment(std::string_view target) {
  std::string out;
  for (const char c : target) out.append(c == '#' ? "%23" : std::string_view(&c, 1));
  return out;
}

// `location` as a reference that means the same wherever it is read, for a request for `target`.
inline std::string resolve_location(std::string_view target, std::string_view location) {
  if (has_scheme_or_authority(location)) return escape_location(location);
  const std::size_t end = std::min(location.find_first_of("?#"), location.size());
  const std::string_view path = location.substr(0, end);
  const std::string_view rest = location.substr(end);
  std::string base = without_fragment(path_of_target(target));
  if (!base.starts_with('/')) base = "/";
  std::string whole;
  if (path.empty()) {  // RFC 3986 s5.2.2: the same path, and without a query of its own that too
    whole = base;
  } else if (!path.starts_with('/')) {
    whole.append(base, 0, base.rfind('/') + 1).append(path);
  } else {
    whole = path;
  }
  whole = clean_location(whole);
  const std::size_t mark = target.find('?');
  if (!rest.starts_with('?') && path.empty() && mark != std::string_view::npos) {
    whole.append(without_fragment(target.substr(mark)));
  }
  return escape_location(whole.append(rest));
}

inline std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace detail

// Answers with `status` and a Location. `location` is a URI ("https://example.com/"), or relative
// to what the client asked for: "/login", "next?a=b", "../", "?page=2" (RFC 3986 s5.2). A relative
// one is sent as an absolute path, cleaned of ".", ".." and "//"; its query and fragment are left
// alone. What no URI holds is percent-escaped, CR, LF and "\" too, so that nothing of it ends the
// field. A GET gets a short HTML body unless Content-Type is set, which is what clients show that
// do not follow (Go). status: 301, 302, 303, 307 or 308; Error with E_INVALID else. Throws Error
// with E_STATE once the head is committed. A location of "//host/" leads to another host: check
// those that come from clients.
inline void redirect(ResponseWriter& response, const Request& request, std::string_view location,
                     int status) {
  const std::string_view text = detail::redirect_text(status);
  if (text.empty()) throw Error(BERTH_E_INVALID, "redirect(" + std::to_string(status) + ")");
  const std::string where = detail::resolve_location(request.target(), location);
  const bool typed = response.header("Content-Type").has_value();
  const bool reads = request.method() == "GET" || request.method() == "HEAD";
  response.set_header("Location", where);
  if (!typed && reads) response.set_header("Content-Type", "text/html; charset=utf-8");
  response.status(status);
  if (typed || !reads) return;
  std::string body = "<a href=\"";
  body.append(detail::escape_html(where)).append("\">").append(text).append("</a>.\n\n");
  response.write(body);  // of HEAD it is counted, so that it tells the length that GET would
}

}  // namespace berth
