#include "net/accept_policy.h"

#include <algorithm>
#include <cerrno>

#include "base/limits.h"

namespace berth::net {

namespace {

// accept(2), "Error handling": pending network errors of the new connection are to be treated like
// EAGAIN by retrying. EPERM: a firewall refused this one.
AcceptAction action_for(int error_number) noexcept {
  switch (error_number) {
    case EAGAIN:
      return AcceptAction::kNothing;
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ECONNRESET:
    case ETIMEDOUT:
      return AcceptAction::kRetry;
    case EMFILE:
    case ENFILE:
      return AcceptAction::kShed;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EFAULT:
    case EOPNOTSUPP:
      return AcceptAction::kGiveUp;
    default:
      return AcceptAction::kPause;  // ENOBUFS, ENOMEM, and what accept(2) does not name
  }
}

base::Duration next_step(base::Duration step) noexcept {
  using base::limits::kAcceptPause;
  using base::limits::kAcceptPauseMax;
  return step == base::Duration::zero() ? kAcceptPause : std::min(step * 2, kAcceptPauseMax);
}

}  // namespace

bool AcceptPolicy::log_step(base::TimePoint now) noexcept {
  if (log_step_ != base::Duration::zero() && now < next_log_) return false;
  log_step_ = next_step(log_step_);
  next_log_ = now + log_step_;
  return true;
}

AcceptVerdict AcceptPolicy::pause(base::TimePoint now) noexcept {
  retries_ = 0;
  step_ = next_step(step_);
  return {AcceptAction::kPause, step_, log_step(now)};
}

AcceptVerdict AcceptPolicy::on_error(int error_number, base::TimePoint now) noexcept {
  const AcceptAction action = action_for(error_number);
  switch (action) {
    case AcceptAction::kRetry:
      if (++retries_ > kMaxRetries) return pause(now);
      return {action, base::Duration::zero(), false};
    case AcceptAction::kShed:
      return {action, base::Duration::zero(), log_step(now)};
    case AcceptAction::kPause:
      return pause(now);
    case AcceptAction::kGiveUp:
      return {action, base::Duration::zero(), true};
    case AcceptAction::kNothing:
      break;
  }
  retries_ = 0;
  return {AcceptAction::kNothing, base::Duration::zero(), false};
}

AcceptVerdict AcceptPolicy::cannot_shed(base::TimePoint now) noexcept { return pause(now); }

void AcceptPolicy::on_success(base::TimePoint now) noexcept {
  step_ = base::Duration::zero();
  retries_ = 0;
  // At the limit successes and errors alternate; only a quiet second ends the pacing of the log.
  if (now >= next_log_ + base::limits::kAcceptPauseMax) log_step_ = base::Duration::zero();
}

}  // namespace berth::net
