#include "serve/h1_backlog.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "base/limits.h"

namespace berth::serve {

namespace {

// Reads the next piece of a file that the stream cannot take itself. False: it has become shorter,
// or there is no memory.
bool read_piece(FileRest& file, base::Buffer& into) noexcept {
  std::array<char, base::limits::kFilePiece> piece;
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file.size));
  ssize_t got = 0;
  do {
    got = ::pread(file.file.get(), piece.data(), most, static_cast<off_t>(file.offset));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  const auto bytes = static_cast<std::size_t>(got);
  try {
    into.append({piece.data(), bytes});
  } catch (const std::bad_alloc&) {
    return false;
  }
  file.offset += bytes;
  file.size -= bytes;
  if (file.size == 0) file.file.reset();
  return true;
}

}  // namespace

H1Backlog::Sent H1Backlog::send(net::Stream& stream, bool& progress) noexcept {
  using Kind = net::IoResult::Kind;
  std::uint64_t of_file = 0;
  for (;;) {
    while (sent < output.size()) {
      const net::IoResult result = stream.write(output.view().substr(sent));
      if (result.kind == Kind::kWouldBlock) return Sent::kBlocked;
      if (!result.ok()) return Sent::kLost;
      sent += result.bytes;
      progress = true;
    }
    output = base::Buffer();
    sent = 0;
    if (file.empty()) return Sent::kAll;
    if (of_file >= base::limits::kFileTurn) return Sent::kTurn;
    const net::IoResult result = file.send(stream, base::limits::kFileTurn - of_file);
    if (result.ok()) {
      of_file += result.bytes;
      progress = true;
    } else if (result.kind == Kind::kWouldBlock) {
      return Sent::kBlocked;
    } else if (!cannot_send_files(result) || !read_piece(file, output)) {
      return Sent::kLost;
    } else {
      of_file += output.size();
    }
  }
}

}  // namespace berth::serve
