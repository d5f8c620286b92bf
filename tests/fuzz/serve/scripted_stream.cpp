#include "fuzz/serve/scripted_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace berth::fuzz {

using net::IoResult;

ScriptedStream::ScriptedStream(ClientScript script, Transcript& transcript,
                               std::function<void()> on_end)
    : script_(std::move(script)), transcript_(transcript), on_end_(std::move(on_end)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    std::abort();
  }
  server_.reset(ends[0]);
  client_.reset(ends[1]);
  room_ = takes_ = script_.takes;
  arrive();
}

ScriptedStream::~ScriptedStream() {
  ScriptedStream::close();
  on_end_();
}

void ScriptedStream::ring() noexcept {
  char byte = 0;
  if (::send(client_.get(), &byte, 1, MSG_NOSIGNAL) == 1) return;
  // Behind a FIN, or a thousand rings: there is room in the other direction.
  (void)::send(server_.get(), &byte, 1, MSG_NOSIGNAL);
  (void)::recv(client_.get(), &byte, 1, 0);
}

void ScriptedStream::arrive() noexcept {
  if (position_ == script_.bytes.size() && next_cut_ > script_.cuts.size()) {
    ended_ = true;
    if (script_.end != ClientScript::End::kReset) {
      (void)::shutdown(client_.get(), SHUT_WR);
    } else {
      const char unread = 0;  // what makes closing a reset
      (void)!::send(server_.get(), &unread, 1, MSG_NOSIGNAL);
      client_.reset();
    }
    return;
  }
  const bool last = next_cut_ >= script_.cuts.size();
  piece_end_ = last ? script_.bytes.size() : script_.cuts[next_cut_];
  ++next_cut_;
  if (last && script_.end == ClientScript::End::kFinAtOnce) {
    (void)::shutdown(client_.get(), SHUT_WR);
    ended_ = true;
  } else {
    ring();
  }
}

IoResult ScriptedStream::read(std::span<char> buffer) noexcept {
  if (buffer.empty()) broken("no read of nothing");
  if (!server_) broken("no read behind close()");
  if (shut_) return IoResult::end();
  if (pause_) {
    pause_ = false;
    arrive();
    return IoResult::would_block();
  }
  if (position_ < piece_end_) {
    const std::size_t bytes = std::min(buffer.size(), piece_end_ - position_);
    std::memcpy(buffer.data(), script_.bytes.data() + position_, bytes);
    position_ += bytes;
    if (position_ == piece_end_ && !ended_) {
      // Every other piece comes at once. Who got less than it had room for does not ask again
      // before it hears that there is more.
      pause_ = next_cut_ % 2 == 1;
      if (pause_) {
        ring();
      } else {
        arrive();
      }
    }
    return IoResult::moved(bytes);
  }
  if (!ended_) {
    // An empty script: nothing has come yet.
    arrive();
    return IoResult::would_block();
  }
  return script_.end == ClientScript::End::kReset ? IoResult::failed(ECONNRESET) : IoResult::end();
}

IoResult ScriptedStream::write(std::string_view data) noexcept {
  if (!server_) broken("no write behind close()");
  if (transcript_.fin) broken("no write behind shutdown_write()");
  if (shut_ || !client_) return IoResult::failed(EPIPE);
  if (data.empty()) return IoResult::moved(0);
  if (script_.takes > 0) {
    if (room_ == 0) {
      takes_ *= 2;  // or a long reply would take for ever
      room_ = takes_;
      ring();
      return IoResult::would_block();
    }
    data = data.substr(0, room_);
    room_ -= data.size();
  }
  transcript_.bytes.append(data);
  return IoResult::moved(data.size());
}

IoResult ScriptedStream::write(std::span<const iovec> parts) noexcept {
  std::size_t bytes = 0;
  for (const iovec& part : parts) {
    const IoResult result = write({static_cast<const char*>(part.iov_base), part.iov_len});
    if (!result.ok()) return bytes > 0 ? IoResult::moved(bytes) : result;
    bytes += result.bytes;
    if (result.bytes < part.iov_len) break;
  }
  return IoResult::moved(bytes);
}

IoResult ScriptedStream::send_file(int, std::uint64_t, std::size_t) noexcept {
  return IoResult::failed(EINVAL);
}

void ScriptedStream::shutdown_write() noexcept { transcript_.fin = true; }

void ScriptedStream::shutdown_both() noexcept {
  shut_ = true;
  (void)::shutdown(server_.get(), SHUT_RDWR);
}

void ScriptedStream::cut() noexcept {
  transcript_.reset = true;
  shutdown_both();
}

void ScriptedStream::close() noexcept {
  if (!server_) return;
  linger how{};
  socklen_t size = sizeof how;
  if (::getsockopt(server_.get(), SOL_SOCKET, SO_LINGER, &how, &size) == 0 && how.l_onoff != 0) {
    transcript_.reset = true;
  }
  server_.reset();
  client_.reset();
}

void ScriptedStream::broken(const char* rule) {
  if (transcript_.broken.empty()) transcript_.broken = rule;
}

}  // namespace berth::fuzz
