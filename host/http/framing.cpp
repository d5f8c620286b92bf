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
  Reader(Framing& framing, HostMemo& hosts) noexcept : framing_(framing), hosts_(hosts) {}

  // False: error().
  [[nodiscard]] [[gnu::always_inline]] bool read(const Field& field) noexcept {
    switch (field.name.size()) {
      case 4:
        return !is_name(field.name, "host") || host(field.value);
      case 6:
        return !is_name(field.name, "expect") || expect(field.value);
      case 10:
        return !is_name(field.name, "connection") || connection(field.value);
      case 14:
        return !is_name(field.name, "content-length") || content_length(field.value);
      case 17:
        return !is_name(field.name, "transfer-encoding") || transfer_encoding(field.value);
      default:
        return true;
    }
  }

  // After all fields. False: error().
  [[nodiscard]] [[gnu::always_inline]] bool finish(int minor_version) noexcept {
    // What most requests say is what a Framing says to begin with.
    if (seen_ == kHost && minor_version != 0) return true;
    return finish_unusual(minor_version == 0);
  }

  [[nodiscard]] RequestError error() const noexcept { return error_; }

 private:
  static constexpr unsigned kHost = 1;
  static constexpr unsigned kLength = 2;
  static constexpr unsigned kChunked = 4;
  static constexpr unsigned kClose = 8;
  static constexpr unsigned kKeepAlive = 16;
  static constexpr unsigned kExpectContinue = 32;
  static constexpr unsigned kBadExpectation = 64;

  [[nodiscard]] bool has(unsigned what) const noexcept { return (seen_ & what) != 0; }
  bool fail(RequestError error) noexcept {
    error_ = error;
    return false;
  }

  // Out of the way: of few requests.
  [[gnu::noinline]] bool finish_unusual(bool old) noexcept {
    // RFC 9112 s6.1, s6.3 3: the mark of request smuggling.
    if (has(kChunked) && has(kLength)) return fail(RequestError::kConflictingLength);
    // RFC 9112 s6.1: "MUST treat the message as if the framing is faulty".
    if (has(kChunked) && old) return fail(RequestError::kTransferEncodingInOldVersion);
    if (!has(kHost) && !old) return fail(RequestError::kMissingHost);
    if (has(kBadExpectation) && !old) return fail(RequestError::kExpectationFailed);

    if (has(kChunked)) framing_.body = Framing::Body::kChunked;
    if (has(kLength)) framing_.body = Framing::Body::kLength;
    framing_.keep_alive = !has(kClose) && (has(kKeepAlive) || !old);  // RFC 9112 s9.3
    framing_.expect_continue =
        has(kExpectContinue) && !old && (has(kChunked) || framing_.length > 0);
    return true;
  }

  bool host(std::string_view value) noexcept {
    if (has(kHost)) return fail(RequestError::kDuplicateHost);
    // RFC 9110 s7.2: empty where the target has no authority.
    if (!value.empty() && !hosts_.is_valid(value)) return fail(RequestError::kBadHost);
    seen_ |= kHost;
    framing_.host = value;
    return true;
  }

  [[gnu::noinline]] bool content_length(std::string_view value) noexcept {
    if (has(kLength)) return fail(RequestError::kRepeatedContentLength);
    const std::optional<std::uint64_t> length = parse_length(value);
    if (!length) return fail(RequestError::kBadContentLength);
    seen_ |= kLength;
    framing_.length = *length;
    return true;
  }

  [[gnu::noinline]] bool transfer_encoding(std::string_view value) noexcept {
    if (has(kChunked) || !equal_ignoring_case(value, "chunked")) {
      return fail(RequestError::kBadTransferEncoding);
    }
    seen_ |= kChunked;
    return true;
  }

  [[gnu::noinline]] bool expect(std::string_view value) noexcept {
    for (ListElements list(value); list.next();) {
      const bool known = equal_ignoring_case(list.element(), "100-continue");
      seen_ |= known ? kExpectContinue : kBadExpectation;
    }
    return true;
  }

  [[gnu::noinline]] bool connection(std::string_view value) noexcept {
    for (ListElements list(value); list.next();) {
      if (equal_ignoring_case(list.element(), "close")) seen_ |= kClose;
      if (equal_ignoring_case(list.element(), "keep-alive")) seen_ |= kKeepAlive;
    }
    return true;
  }

  Framing& framing_;
  HostMemo& hosts_;
  unsigned seen_ = 0;
  RequestError error_ = RequestError::kMissingHost;
};

}  // namespace

bool HostMemo::judge(std::string_view host) noexcept {
  if (!is_host(host)) return false;
  if (host.size() <= text_.size()) {
    base::copy_text(text_.data(), host);
    size_ = host.size();
  }
  return true;
}

base::Result<Framing, RequestError> framing_of(const RequestHead& head, HostMemo& hosts) noexcept {
  base::Result<Framing, RequestError> result{Framing()};  // filled where it is returned
  Reader reader(*result, hosts);
  for (const Field& field : head.fields) {
    if (!reader.read(field)) return base::fail(reader.error());
  }
  if (!reader.finish(head.minor_version)) return base::fail(reader.error());
  return result;
}

base::Result<Framing, RequestError> framing_of(const RequestHead& head) noexcept {
  HostMemo hosts;
  return framing_of(head, hosts);
}

}  // namespace berth::http
