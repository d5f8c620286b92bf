#include "net/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/limits.h"

namespace berth::net {

namespace {

using namespace std::string_view_literals;
using Parsed = base::Result<std::optional<ProxyHeader>, ProxyHeaderError>;

constexpr std::string_view kV1Begin = "PROXY ";
constexpr std::size_t kV1Longest = 107;  // with CR LF; specification s2.1
constexpr std::string_view kV2Begin = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kV2Head = 16;

Parsed incomplete() { return std::optional<ProxyHeader>(); }
Parsed whole(const ProxyHeader& header) { return std::optional<ProxyHeader>(header); }
Parsed malformed() { return base::fail(ProxyHeaderError::kMalformed); }

// Whether the two agree as far as both go.
bool may_begin(std::string_view bytes, std::string_view with) noexcept {
  const std::size_t common = std::min(bytes.size(), with.size());
  return bytes.substr(0, common) == with.substr(0, common);
}

// Up to the next blank, which goes too. nullopt: there is no blank.
std::optional<std::string_view> take_word(std::string_view& line) noexcept {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(blank + 1);
  return word;
}

// 0 to 65535 without sign or leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  const bool leading_zero = text.size() > 1 && text.front() == '0';
  if (error != std::errc{} || stop != end || leading_zero) return std::nullopt;
  return port;
}

// What follows "PROXY " up to CR LF.
Parsed parse_v1_line(std::string_view line, std::size_t size) noexcept {
  ProxyHeader header{.size = size};
  // "UNKNOWN", and anything behind it is ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return whole(header);
  const auto family = take_word(line);
  const auto source = take_word(line);
  const auto destination = take_word(line);
  const auto source_port = take_word(line);
  if (!source_port || (family != "TCP4" && family != "TCP6")) return malformed();
  const auto from = parse_port(*source_port);
  const auto to = parse_port(line);
  if (!from || !to) return malformed();
  const auto client = RawAddress::parse(*source, *from);
  const auto server = RawAddress::parse(*destination, *to);
  const sa_family_t wanted = family == "TCP4" ? AF_INET : AF_INET6;
  if (!client || !server || client->family() != wanted || server->family() != wanted) {
    return malformed();
  }
  header.proxied = true;
  header.source = *client;
  header.destination = *server;
  return whole(header);
}

Parsed parse_v1(std::string_view bytes) noexcept {
  if (bytes.size() < kV1Begin.size()) return incomplete();
  const std::string_view most = bytes.substr(0, kV1Longest);
  const std::size_t end = most.find('\r');
  const std::size_t feed = most.find('\n');
  if (feed < end) return malformed();
  if (end == std::string_view::npos || end + 1 == bytes.size()) {
    return most.size() == kV1Longest ? malformed() : incomplete();
  }
  if (feed != end + 1) return malformed();
  return parse_v1_line(bytes.substr(kV1Begin.size(), end - kV1Begin.size()), feed + 1);
}

std::uint8_t byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint8_t>(bytes[index]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<std::uint16_t>(byte_at(bytes, index) << 8 | byte_at(bytes, index + 1));
}

// Type, two bytes of length, value; one behind the other up to the end. Specification s2.2.
bool tlvs_fit(std::string_view bytes) noexcept {
  constexpr std::size_t kHead = 3;
  while (bytes.size() >= kHead) {
    const std::size_t size = kHead + number_at(bytes, 1);
    if (bytes.size() < size) return false;
    bytes.remove_prefix(size);
  }
  return bytes.empty();
}

// Both addresses, then both ports.
bool read_internet(std::string_view block, std::size_t each, ProxyHeader& header) noexcept {
  const std::size_t ports = 2 * each;
  if (block.size() < ports + 4 || !tlvs_fit(block.substr(ports + 4))) return false;
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(block.data());
  header.proxied = true;
  header.source = RawAddress::ip({bytes, each}, number_at(block, ports));
  header.destination = RawAddress::ip({bytes + each, each}, number_at(block, ports + 2));
  return true;
}

bool read_unix(std::string_view block, ProxyHeader& header) noexcept {
  constexpr std::size_t kPaths = 2 * std::size_t{108};
  if (block.size() < kPaths || !tlvs_fit(block.substr(kPaths))) return false;
  constexpr sockaddr kUnix{AF_UNIX, {}};
  header.proxied = true;
  header.source = header.destination = RawAddress::from(&kUnix, sizeof kUnix.sa_family);
  return true;
}

constexpr std::uint8_t kUnspecified = 0x00;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kUdp4 = 0x12;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kUdp6 = 0x22;
constexpr std::uint8_t kUnixStream = 0x31;
constexpr std::uint8_t kUnixDatagram = 0x32;

// Behind the signature: version and command, family, length, addresses, TLVs.
Parsed parse_v2(std::string_view bytes) noexcept {
  constexpr std::uint8_t kLocal = 0x20;
  constexpr std::uint8_t kProxy = 0x21;
  constexpr std::array kFamilies{kUnspecified, kTcp4,       kUdp4,        kTcp6,
                                 kUdp6,        kUnixStream, kUnixDatagram};
  if (bytes.size() <= kV2Begin.size()) return incomplete();
  const std::uint8_t command = byte_at(bytes, kV2Begin.size());
  if (command != kLocal && command != kProxy) return malformed();
  if (bytes.size() <= kV2Begin.size() + 1) return incomplete();
  // Of LOCAL all that follows is ignored, the family included.
  const std::uint8_t family =
      command == kLocal ? kUnspecified : byte_at(bytes, kV2Begin.size() + 1);
  if (std::find(kFamilies.begin(), kFamilies.end(), family) == kFamilies.end()) return malformed();
  if (family == kUdp4 || family == kUdp6 || family == kUnixDatagram) {
    return base::fail(ProxyHeaderError::kNotStream);
  }
  if (bytes.size() < kV2Head) return incomplete();
  ProxyHeader header{.size = kV2Head + number_at(bytes, kV2Head - 2)};
  if (header.size > base::limits::kProxyHeader) return base::fail(ProxyHeaderError::kTooLong);
  if (bytes.size() < header.size) return incomplete();
  const std::string_view block = bytes.substr(kV2Head, header.size - kV2Head);
  const bool good = family == kUnspecified ||
                    (family == kTcp4 && read_internet(block, 4, header)) ||
                    (family == kTcp6 && read_internet(block, 16, header)) ||
                    (family == kUnixStream && read_unix(block, header));
  return good ? whole(header) : malformed();
}

}  // namespace

std::string_view text_of(ProxyHeaderError error) noexcept {
  switch (error) {
    case ProxyHeaderError::kMissing:
      return "no PROXY header, or of another version";
    case ProxyHeaderError::kMalformed:
      return "malformed PROXY header";
    case ProxyHeaderError::kNotStream:
      return "a PROXY header for datagrams";
    case ProxyHeaderError::kTooLong:
      return "PROXY header too long";
    case ProxyHeaderError::kNotTrusted:
      return "not among trusted_proxies";
    case ProxyHeaderError::kIncomplete:
      break;
  }
  return "it ended within its PROXY header";
}

base::Result<std::optional<ProxyHeader>, ProxyHeaderError> parse_proxy_header(
    std::string_view bytes, ProxyProtocol accepted) noexcept {
  if (bytes.empty()) return incomplete();
  if (accepted != ProxyProtocol::kV2 && may_begin(bytes, kV1Begin)) return parse_v1(bytes);
  if (accepted != ProxyProtocol::kV1 && may_begin(bytes, kV2Begin)) return parse_v2(bytes);
  return base::fail(ProxyHeaderError::kMissing);
}

}  // namespace berth::net
