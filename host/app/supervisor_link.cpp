#include "app/supervisor_link.h"

#include <sys/socket.h>

#include <chrono>

#include "net/wait.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// It does so at once, unless something keeps it: then a client may find the one that goes.
constexpr auto kWithdrawal = 1s;

bool is_link(int descriptor) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

}  // namespace

SupervisorLink::SupervisorLink(base::Descriptor link) noexcept : link_(std::move(link)) {
  if (link_ && !is_link(link_.get())) link_.reset();
}

void SupervisorLink::send(base::HostMessage::Kind kind, std::string_view text) const noexcept {
  send_serving(kind, 0, {}, text);
}

void SupervisorLink::send_serving(base::HostMessage::Kind kind, std::uint64_t generation,
                                  base::Duration stop, std::string_view text) const noexcept {
  if (!link_) return;
  base::HostMessage message;
  message.kind = kind;
  message.generation = generation;
  message.stop = stop;
  message.set_text(text);
  (void)base::send_message(link_.get(), message);
}

void SupervisorLink::withdraw(std::string_view name) noexcept {
  if (!link_) return;
  send(base::HostMessage::Kind::kWithdraw, name);
  const base::TimePoint deadline = base::system_clock().now() + kWithdrawal;
  base::HostMessage message;
  for (;;) {
    const base::Received received = base::receive_message(link_.get(), message);
    if (received == base::Received::kClosed) return;
    if (received == base::Received::kMessage &&
        message.kind == base::HostMessage::Kind::kWithdrawn) {
      return;
    }
    if (received == base::Received::kNothing &&
        net::wait_readable(link_.get(), deadline) != net::WaitResult::kReady) {
      return;
    }
  }
}

std::optional<base::HostMessage> SupervisorLink::next() noexcept {
  if (!link_) return std::nullopt;
  base::HostMessage message;
  for (;;) {
    const base::Received received = base::receive_message(link_.get(), message);
    if (received == base::Received::kMessage) return message;
    if (received == base::Received::kNothing) return std::nullopt;
    if (received != base::Received::kClosed) continue;
    ended_ = true;
    return std::nullopt;
  }
}

}  // namespace berth::app
