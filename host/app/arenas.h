// How many heaps the allocator keeps for the threads of a host.
#pragma once

namespace berth::app {

inline constexpr int kArenasPerCore = 2;

// At most kArenasPerCore for each core (two at least), instead of the eight of glibc: each keeps
// what it once needed, so with many threads that come and go, as they do in every reload, memory
// grows for a thousand reloads. Threads that run at the same time are no more than the cores, and
// small blocks come from caches of their own, so few ever wait for each other. Whoever has set
// MALLOC_ARENA_MAX or glibc.malloc.arena_max in the environment has decided.
//
// On the main thread before there is any other.
void bound_arenas() noexcept;

}  // namespace berth::app
