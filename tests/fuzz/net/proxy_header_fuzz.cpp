// The first bytes of a connection taken as a PROXY header: in any pieces, by any version.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "net/proxy_header.h"

namespace {

using berth::net::ProxyHeader;
using berth::net::ProxyHeaderError;
using berth::net::ProxyProtocol;
using Parsed = berth::base::Result<std::optional<ProxyHeader>, ProxyHeaderError>;

void check(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property broken: %s\n", property);
  std::abort();
}

bool same(const Parsed& a, const Parsed& b) {
  if (a.ok() != b.ok()) return false;
  if (!a.ok()) return a.error() == b.error();
  if (a->has_value() != b->has_value()) return false;
  if (!*a) return true;
  return (*a)->size == (*b)->size && (*a)->proxied == (*b)->proxied &&
         (*a)->source.text() == (*b)->source.text() &&
         (*a)->destination.text() == (*b)->destination.text();
}

Parsed check_header(std::string_view bytes, ProxyProtocol accepted) {
  const Parsed parsed = berth::net::parse_proxy_header(bytes, accepted);
  const bool incomplete = parsed.ok() && !*parsed;
  check(!incomplete || bytes.size() < berth::base::limits::kProxyHeader, "the limit is a verdict");
  if (parsed.ok() && *parsed) {
    const ProxyHeader& header = **parsed;
    check(header.size > 0 && header.size <= bytes.size(), "a header lies in its bytes");
    check(header.proxied == (header.source.family() != AF_UNSPEC), "proxied has a source");
    check(header.source.family() == header.destination.family(), "one family");
    const Parsed alone = berth::net::parse_proxy_header(bytes.substr(0, header.size), accepted);
    check(same(alone, parsed), "what follows does not matter");
    const Parsed less = berth::net::parse_proxy_header(bytes.substr(0, header.size - 1), accepted);
    check(less.ok() && !*less, "a header needs all its bytes");
  }
  // Byte by byte it is the same, as soon as anything is told.
  const std::size_t most = bytes.size() < 512 ? bytes.size() : 512;
  for (std::size_t size = 0; size < most; ++size) {
    const Parsed so_far = berth::net::parse_proxy_header(bytes.substr(0, size), accepted);
    check((so_far.ok() && !*so_far) || same(so_far, parsed), "what was told stays");
  }
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Parsed any = check_header(bytes, ProxyProtocol::kAny);
  const Parsed first = check_header(bytes, ProxyProtocol::kV1);
  const Parsed second = check_header(bytes, ProxyProtocol::kV2);
  check(same(any, first) || same(any, second), "any version is one of them");
  check(size == 0 || !first.ok() || !second.ok(), "no bytes begin both");
  return 0;
}
