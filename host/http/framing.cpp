#include "http/framing.h"

#include <limits>
#include <optional>

#include "http/token.h"

namespace berth::http {
namespace {

// RFC 9110 s8.6: 1*DIGIT; 63 bits, so that no sum or signed copy of it overflows.
std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (!character::is(c, character::kDigit)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMax - digit) / 10) return std::nullopt;
    length = 10 * length + digit;
  }
  return length;
}

// What the fields that matter said, each at most once.
class Reader {
 public:
  [[nodiscard]] std::optional<RequestError> read(const Field& field) noexcept {
    switch (field.name.size()) {
      case 4:
        if (is_name(field.name, "host")) return host(field.value);
        break;
      case 6:
        if (is_name(field.name, "expect")) expect(field.value);
        break;
      case 10:
        if (is_name(field.name, "connection")) connection(field.value);
        break;
      case 14:
        if (is_name(field.name, "content-length")) return content_length(field.value);
        break;
      case 17:
        if (is_name(field.name, "transfer-encoding")) return transfer_encoding(field.value);
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  [[nodiscard]] base::Result<Framing, RequestError> framing(int minor_version) const noexcept {
    const bool old = minor_version == 0;
    // RFC 9112 s6.1, s6.3 3: the mark of request smuggling.
    if (chunked_ && length_) return base::fail(RequestError::kConflictingLength);
    // RFC 9112 s6.1: "MUST treat the message as if the framing is faulty".
    if (chunked_ && old) return base::fail(RequestError::kTransferEncodingInOldVersion);
    if (!host_ && !old) return base::fail(RequestError::kMissingHost);
    if (bad_expectation_ && !old) return base::fail(RequestError::kExpectationFailed);

    Framing framing;
    if (chunked_) framing.body = Framing::Body::kChunked;
    if (length_) {
      framing.body = Framing::Body::kLength;
      framing.length = *length_;
    }
    framing.keep_alive = !close_ && (keep_alive_ || !old);  // RFC 9112 s9.3
    framing.expect_continue = expect_continue_ && !old && (chunked_ || framing.length > 0);
    framing.host = host_.value_or(std::string_view());
    return framing;
  }

 private:
  std::optional<RequestError> host(std::string_view value) noexcept {
    if (host_) return RequestError::kDuplicateHost;
    // RFC 9110 s7.2: empty where the target has no authority.
    if (!value.empty() && !is_host(value)) return RequestError::kBadHost;
    host_ = value;
    return std::nullopt;
  }

  std::optional<RequestError> content_length(std::string_view value) noexcept {
    if (length_) return RequestError::kRepeatedContentLength;
    length_ = parse_length(value);
    if (!length_) return RequestError::kBadContentLength;
    return std::nullopt;
  }

  std::optional<RequestError> transfer_encoding(std::string_view value) noexcept {
    if (chunked_ || !equal_ignoring_case(value, "chunked")) {
      return RequestError::kBadTransferEncoding;
    }
    chunked_ = true;
    return std::nullopt;
  }

  void expect(std::string_view value) noexcept {
    for (ListElements list(value); list.next();) {
      const bool known = equal_ignoring_case(list.element(), "100-continue");
      (known ? expect_continue_ : bad_expectation_) = true;
    }
  }

  void connection(std::string_view value) noexcept {
    for (ListElements list(value); list.next();) {
      if (equal_ignoring_case(list.element(), "close")) close_ = true;
      if (equal_ignoring_case(list.element(), "keep-alive")) keep_alive_ = true;
    }
  }

  std::optional<std::string_view> host_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expect_continue_ = false;
  bool bad_expectation_ = false;
};

}  // namespace

base::Result<Framing, RequestError> framing_of(const RequestHead& head) noexcept {
  Reader reader;
  for (const Field& field : head.fields) {
    if (const auto error = reader.read(field)) return base::fail(*error);
  }
  return reader.framing(head.minor_version);
}

}  // namespace berth::http
