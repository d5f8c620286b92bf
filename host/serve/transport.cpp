#include "serve/transport.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "serve/hijacked.h"

namespace berth::serve {

IoStatus Transport::send_response(int status, const http::Fields& fields, bool has_date,
                                  std::string_view body) {
  const BodyPlan plan{.length = body.size(), .suppressed = false, .has_date = has_date};
  if (auto sent = send_head(status, fields, plan); !sent) return sent;
  if (auto sent = send_body(body); !sent) return sent;
  return finish(http::Fields());
}

IoStatus Transport::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  std::array<char, 32 * 1024> piece;
  while (size > 0) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size));
    const ssize_t got = ::pread(file, piece.data(), want, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::fail(IoError::kInvalid);
    const auto bytes = static_cast<std::size_t>(got);
    if (auto sent = send_body({piece.data(), bytes}); !sent) return sent;
    offset += bytes;
    size -= bytes;
  }
  return base::done();
}

std::unique_ptr<Hijacked> Transport::hijack() { return nullptr; }

void Transport::set_read_deadline(std::optional<base::TimePoint> /*deadline*/) noexcept {}

void Transport::set_write_deadline(std::optional<base::TimePoint> /*deadline*/) noexcept {}

}  // namespace berth::serve
