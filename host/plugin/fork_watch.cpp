#include "plugin/fork_watch.h"

#include <pthread.h>

#include "plugin/call_scope.h"
#include "plugin/image_use.h"

namespace berth::plugin {

namespace {

// Everything that fork() had to lock is free again.
void tell_in_parent() noexcept {
  const Call* const call = CallScope::innermost();
  // Not in a child that forks again: whoever had a lock at the first fork is not there.
  if (call == nullptr || (call->afterwards & Call::kForked) != 0) return;
  if (call->site->image != nullptr) call->site->image->tell(ImageUse::Notice::kForked);
}

// Between fork() and exec(): a store, and no more. Closing the server's sockets would cost every
// child that only goes on to exec(), which closes them anyway.
void mark_in_child() noexcept {
  const Call* const call = CallScope::innermost();
  if (call != nullptr) call->afterwards |= Call::kForked;
}

}  // namespace

void watch_forks() noexcept {
  // Without room for them nothing is told.
  [[maybe_unused]] static const int once = ::pthread_atfork(nullptr, tell_in_parent, mark_in_child);
}

}  // namespace berth::plugin
