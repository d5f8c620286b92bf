#include "net/acceptor.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace berth::net {

namespace {

struct Attempt {
  base::Descriptor descriptor;
  PeerAddress peer;
  int error = 0;
};

Attempt attempt(Acceptor::AcceptFunction accept_function, int listener) noexcept {
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof storage;
  const int fd = accept_function(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return {base::Descriptor(), PeerAddress(), errno};
  return {base::Descriptor(fd), PeerAddress::from(address, size), 0};
}

}  // namespace

Acceptor::Acceptor() noexcept : Acceptor(&::accept4) {}

Acceptor::Acceptor(AcceptFunction accept_function) noexcept : accept_(accept_function) {
  take_spare();
}

void Acceptor::take_spare() noexcept {
  if (!spare_) spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

AcceptOutcome Acceptor::accept(int listener, base::TimePoint now) noexcept {
  take_spare();
  for (;;) {
    Attempt taken = attempt(accept_, listener);
    if (taken.descriptor) {
      policy_.on_success(now);
      return {AcceptStatus::kAccepted,     false,     0, base::Duration::zero(),
              std::move(taken.descriptor), taken.peer};
    }
    const AcceptVerdict verdict = policy_.on_error(taken.error, now);
    AcceptOutcome outcome;
    outcome.log = verdict.log;
    outcome.error = taken.error;
    outcome.pause = verdict.pause;
    switch (verdict.action) {
      case AcceptAction::kRetry:
        continue;
      case AcceptAction::kNothing:
        outcome.error = 0;
        return outcome;
      case AcceptAction::kShed:
        return shed(listener, taken.error, verdict.log, now);
      case AcceptAction::kPause:
        outcome.status = AcceptStatus::kPause;
        return outcome;
      case AcceptAction::kGiveUp:
        break;
    }
    outcome.status = AcceptStatus::kFailed;
    return outcome;
  }
}

AcceptOutcome Acceptor::shed(int listener, int error, bool log, base::TimePoint now) noexcept {
  AcceptOutcome outcome;
  outcome.error = error;
  if (spare_) {
    spare_.reset();
    Attempt taken = attempt(accept_, listener);
    if (taken.descriptor) {
      outcome.status = AcceptStatus::kShed;
      outcome.log = log;
      outcome.descriptor = std::move(taken.descriptor);
      outcome.peer = taken.peer;
      return outcome;
    }
    take_spare();
    // Linux looks for a descriptor before it looks into the backlog: there was nobody to shed.
    if (taken.error == EAGAIN) return AcceptOutcome();
  }
  // Another thread was quicker, or the spare could not be had back: wait for descriptors.
  const AcceptVerdict verdict = policy_.cannot_shed(now);
  outcome.status = AcceptStatus::kPause;
  outcome.log = log || verdict.log;
  outcome.pause = verdict.pause;
  return outcome;
}

}  // namespace berth::net
