// Destructors of thread_local objects of plugins, kept by the host in place of the C library, which
// would hold the image until each thread that used it has ended (measured-traps.md 4). Each runs on
// its own thread: when that ends, or before, when it is asked to between two calls.
#pragma once

#include <cstddef>
#include <memory>

#include "plugin/image_use.h"

namespace berth::plugin {

// How many destructors of one image wait, or run, and on how many threads.
struct KeptExits {
  std::size_t destructors = 0;
  std::size_t threads = 0;
};

// Keeps one for the calling thread. False: there is no memory for it.
[[nodiscard]] bool keep_thread_exit(std::shared_ptr<ImageUse> image, void (*destructor)(void*),
                                    void* object) noexcept;

// Those of all threads. Once none are left of an image that nobody calls, none will come.
[[nodiscard]] KeptExits kept_exits(const ImageUse& image);

// Runs what the calling thread keeps of one image, the last one first, with what these register.
// Inside of a call into a plugin: nothing.
void run_thread_exits(const ImageUse& image) noexcept;

// To be called by every thread of the host that ran requests, between two of them and when it is
// woken for nothing else: runs what it keeps of images that are leaving. Costs two loads where
// there is nothing to do. Inside of a call into a plugin: nothing.
void visit_thread() noexcept;

}  // namespace berth::plugin
