#include "plugin/thread_exits.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "base/thread_annotations.h"
#include "plugin/call_scope.h"
#include "plugin/interposed.h"

namespace berth::plugin {

namespace {

struct Exit {
  std::shared_ptr<ImageUse> image;
  void (*destructor)(void*);
  void* object;
};

// What one thread keeps.
struct ThreadExits {
  std::vector<Exit> kept;                // in the order of registration
  std::vector<const ImageUse*> running;  // by nesting: a destructor may end up in another
  std::size_t visited = 0;               // ImageUse::departures() when it was visited last
};

// Of all threads, so that one can ask for all. One lock for all of it: a thread takes it once for
// each thread_local object that is made or destroyed.
struct AllExits {
  base::Mutex mutex;
  std::vector<ThreadExits*> threads BERTH_GUARDED_BY(mutex);
};

// Never destroyed: threads end behind static destructors.
AllExits& all_exits() {
  static AllExits& only = *new AllExits;
  return only;
}

// Null: this thread keeps nothing. Its own destructor is end_thread(), so that it has none.
constinit thread_local ThreadExits* own = nullptr;

// Takes the last one that `wanted` takes, and notes that it runs.
template <class Wanted>
std::optional<Exit> take_last(ThreadExits& thread, const Wanted& wanted) {
  const base::MutexLock lock(all_exits().mutex);
  const auto found = std::find_if(thread.kept.rbegin(), thread.kept.rend(),
                                  [&](const Exit& exit) { return wanted(*exit.image); });
  if (found == thread.kept.rend()) return std::nullopt;
  thread.running.push_back(found->image.get());
  std::optional<Exit> taken(std::move(*found));
  thread.kept.erase(std::next(found).base());
  return taken;
}

// noexcept as the language has it: a destructor that throws ends the process.
template <class Wanted>
void run_all(ThreadExits& thread, const Wanted& wanted) noexcept {
  while (std::optional<Exit> exit = take_last(thread, wanted)) {
    {
      const CallScope scope(exit->image->site());
      exit->destructor(exit->object);
    }
    const base::MutexLock lock(all_exits().mutex);
    thread.running.pop_back();
  }
}

// The C library's one destructor for all that this thread keeps. What its later ones may still
// register begins anew.
void end_thread(void*) noexcept {
  if (own == nullptr) return;
  ThreadExits& thread = *own;
  run_all(thread, [](const ImageUse&) { return true; });
  {
    AllExits& all = all_exits();
    const base::MutexLock lock(all.mutex);
    std::erase(all.threads, &thread);
  }
  delete std::exchange(own, nullptr);
}

// The C library takes the loader's lock for it, which a constructor that registers one holds: it is
// never asked under the lock of all threads.
bool begin_thread() {
  auto thread = std::make_unique<ThreadExits>();
  if (!at_thread_exit(end_thread)) return false;
  AllExits& all = all_exits();
  const base::MutexLock lock(all.mutex);
  all.threads.push_back(thread.get());
  own = thread.release();
  return true;
}

}  // namespace

bool keep_thread_exit(std::shared_ptr<ImageUse> image, void (*destructor)(void*),
                      void* object) noexcept {
  try {
    if (own == nullptr && !begin_thread()) return false;
    const base::MutexLock lock(all_exits().mutex);
    // So that the thread looks again, whenever it was visited.
    if (image->leaving()) own->visited = 0;
    own->kept.push_back({std::move(image), destructor, object});
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

KeptExits kept_exits(const ImageUse& image) {
  KeptExits result;
  AllExits& all = all_exits();
  const base::MutexLock lock(all.mutex);
  for (const ThreadExits* thread : all.threads) {
    const auto kept = std::count_if(thread->kept.begin(), thread->kept.end(),
                                    [&](const Exit& exit) { return exit.image.get() == &image; });
    const auto running = std::count(thread->running.begin(), thread->running.end(), &image);
    result.destructors += static_cast<std::size_t>(kept + running);
    if (kept + running > 0) ++result.threads;
  }
  return result;
}

void run_thread_exits(const ImageUse& image) noexcept {
  if (own == nullptr || CallScope::current() != nullptr) return;
  run_all(*own, [&](const ImageUse& other) { return &other == &image; });
}

void visit_thread() noexcept {
  if (own == nullptr) return;
  const std::size_t departures = ImageUse::departures();
  if (own->visited == departures || CallScope::current() != nullptr) return;
  own->visited = departures;
  run_all(*own, [](const ImageUse& image) { return image.leaving(); });
}

}  // namespace berth::plugin
