// Two functions of the C library that berth has a version of its own of, for plugins and the
// libraries they use: __cxa_thread_atexit_impl and pthread_create. The executable exports these
// two, those of exit_calls.h and signal_calls.h, and no other symbol (plugin/exported_symbols). Not
// what is done with what they tell: thread_exits.h and image_use.h.
#pragma once

namespace berth::plugin {

// Whether plugins' calls really come here; false where the executable does not export them. Then
// the C library keeps thread_local destructors, and nobody counts threads.
[[nodiscard]] bool calls_are_interposed() noexcept;

// Has the C library run it at the calling thread's end, on behalf of the host. False: no memory.
[[nodiscard]] bool at_thread_exit(void (*run)(void*)) noexcept;

}  // namespace berth::plugin
