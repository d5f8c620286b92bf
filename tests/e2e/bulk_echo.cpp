#include "e2e/bulk_echo.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "support/raw_client.h"

namespace berth::e2e {

namespace {

constexpr std::size_t kPiece = 65521;  // a prime: pieces and buffers never line up
constexpr int kDeadlineMs = 60'000;

// One period of the body: every byte value, no short repetition.
const std::string& pattern() {
  static const std::string text = [] {
    std::string made(kPiece, '\0');
    std::uint32_t state = 1;
    for (char& c : made) {
      state = state * 1664525U + 1013904223U;
      c = static_cast<char>(state >> 24U);
    }
    return made;
  }();
  return text;
}

// Compares a body with the pattern as it comes.
class Reader {
 public:
  Reader(BulkFraming framing, BulkEcho& result) : framing_(framing), result_(result) {}

  void take(std::string_view bytes) {
    while (!bytes.empty() && result_.problem.empty() && !ended_) {
      if (!in_body_) {
        take_line(bytes);
      } else {
        take_body(bytes);
      }
    }
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  void expect(std::uint64_t bytes) noexcept { expected_ = bytes; }

 private:
  // Of the head or of chunked framing.
  void take_line(std::string_view& bytes) {
    line_ += bytes.front();
    bytes.remove_prefix(1);
    if (!line_.ends_with("\r\n")) return;
    const std::string line = line_.substr(0, line_.size() - 2);
    line_.clear();
    if (in_head_) {
      result_.head += line + "\n";
      if (!line.empty()) return;
      in_head_ = false;
      if (framing_ == BulkFraming::kLength) begin_body(expected_);
      return;
    }
    if (line.empty()) {  // behind a chunk, or behind the last one
      ended_ = last_;
      return;
    }
    std::uint64_t size = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (error != std::errc{} || stop != line.data() + line.size()) {
      result_.problem = "bad chunk size: " + line;
    }
    if (size == 0) {
      last_ = true;
    } else {
      begin_body(size);
    }
  }
  void begin_body(std::uint64_t bytes) {
    in_body_ = true;
    left_ = bytes;
  }
  void take_body(std::string_view& bytes) {
    const std::size_t at = result_.echoed % kPiece;
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>({bytes.size(), kPiece - at, left_}));
    if (bytes.substr(0, size) != std::string_view(pattern()).substr(at, size)) {
      result_.problem = "the bytes from " + std::to_string(result_.echoed) + " on are others";
      return;
    }
    result_.echoed += size;
    left_ -= size;
    bytes.remove_prefix(size);
    if (left_ > 0) return;
    in_body_ = false;
    ended_ = framing_ == BulkFraming::kLength;
  }

  const BulkFraming framing_;
  BulkEcho& result_;
  std::string line_;
  std::uint64_t expected_ = 0;
  std::uint64_t left_ = 0;
  bool in_head_ = true;
  bool in_body_ = false;
  bool last_ = false;
  bool ended_ = false;
};

// What is to be sent, made as it is needed.
class Writer {
 public:
  Writer(BulkFraming framing, std::uint64_t bytes) : framing_(framing), left_(bytes) {
    next_ = "POST /echo HTTP/1.1\r\nHost: h\r\n";
    next_ += framing == BulkFraming::kLength ? "Content-Length: " + std::to_string(bytes)
                                             : "Transfer-Encoding: chunked";
    next_ += "\r\n\r\n";
  }
  [[nodiscard]] bool ended() const noexcept { return ended_ && next_.empty(); }
  void send_to(test::RawClient& client) {
    if (next_.empty()) make_more();
    next_.erase(0, client.send_some(next_));
  }

 private:
  void make_more() {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, kPiece));
    const std::string_view piece = std::string_view(pattern()).substr(0, size);
    left_ -= size;
    ended_ = size == 0;
    if (framing_ == BulkFraming::kLength) {
      next_ = piece;
      return;
    }
    std::array<char, 16> text{};
    const char* const end = std::to_chars(text.data(), text.data() + text.size(), size, 16).ptr;
    next_.assign(static_cast<const char*>(text.data()), end);
    next_.append("\r\n").append(piece).append("\r\n");
  }

  const BulkFraming framing_;
  std::uint64_t left_;
  std::string next_;
  bool ended_ = false;
};

}  // namespace

BulkEcho bulk_echo(std::uint16_t port, std::uint64_t bytes, BulkFraming framing) {
  BulkEcho result;
  test::RawClient client(port);
  Reader reader(framing, result);
  reader.expect(bytes);
  Writer writer(framing, bytes);
  std::array<char, 256 * 1024> buffer;
  while (!reader.ended() && result.problem.empty()) {
    pollfd wait{client.fd(), POLLIN, 0};
    if (!writer.ended()) wait.events |= POLLOUT;
    if (::poll(&wait, 1, kDeadlineMs) <= 0) {
      result.problem = "the server neither reads nor writes";
      break;
    }
    if ((wait.revents & POLLOUT) != 0) writer.send_to(client);
    if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    const ssize_t got = ::recv(client.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      reader.take({buffer.data(), static_cast<std::size_t>(got)});
    } else {
      result.problem = got == 0 ? "the server closed too early" : "the connection was reset";
    }
  }
  return result;
}

}  // namespace berth::e2e
