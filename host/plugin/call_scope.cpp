#include "plugin/call_scope.h"

#include <unistd.h>

#include <cstring>

#include "plugin/image_use.h"
#include "plugin/signal_calls.h"

namespace berth::plugin {

void CallScope::see_to() const noexcept {
  // It would go on serving what the server serves, from the same sockets.
  if ((call_.afterwards & Call::kForked) != 0) ::_exit(1);
  // Zero beyond the kernel's bytes, as `mask` is.
  sigset_t left{};
  (void)set_signal_mask(SIG_SETMASK, &call_.mask, &left);
  if (std::memcmp(&left, &call_.mask, sizeof left) == 0) return;
  // What other calls change a ProcessState tells; the rest is on threads of the plugin's own tasks.
  if (call_.response == nullptr || call_.site->image == nullptr) return;
  call_.site->image->tell(ImageUse::Notice::kSignalMask);
}

}  // namespace berth::plugin
