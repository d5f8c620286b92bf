#include "observe/ring_set.h"

#include <algorithm>
#include <new>
#include <utility>

namespace berth::observe {

namespace {

// The rings of one thread, one for each set it gave lines to: two in practice.
class OwnRings {
 public:
  struct Entry {
    const RingSet* set;
    std::shared_ptr<Ring> ring;
  };

  OwnRings() = default;
  OwnRings(const OwnRings&) = delete;
  OwnRings& operator=(const OwnRings&) = delete;
  ~OwnRings() noexcept;

  // A set of the past may have had the same address: its rings are disowned.
  [[nodiscard]] Ring* find(const RingSet* set) const noexcept {
    for (const Entry& entry : entries_) {
      if (entry.set == set && !entry.ring->disowned()) return entry.ring.get();
    }
    return nullptr;
  }
  void add(const RingSet* set, std::shared_ptr<Ring> ring) {
    std::erase_if(entries_, [](const Entry& entry) { return entry.ring->disowned(); });
    entries_.push_back({set, std::move(ring)});
  }

 private:
  std::vector<Entry> entries_;
};

// Trivially destructible, so still readable when own_rings is gone: a thread_local of a plugin may
// log in its destructor.
thread_local bool own_rings_gone = false;
thread_local OwnRings own_rings;

OwnRings::~OwnRings() noexcept {
  own_rings_gone = true;
  for (const Entry& entry : entries_) entry.ring->end();
}

}  // namespace

RingSet::~RingSet() noexcept {
  for (const auto& ring : rings_) ring->disown();
}

Ring* RingSet::mine() noexcept {
  if (own_rings_gone) return nullptr;
  if (Ring* const ring = own_rings.find(this)) return ring;
  try {
    return make();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

Ring* RingSet::make() {
  const auto ring = std::make_shared<Ring>(ring_bytes_);
  {
    const std::lock_guard lock(mutex_);
    rings_.push_back(ring);
  }
  try {
    own_rings.add(this, ring);
  } catch (const std::bad_alloc&) {
    ring->end();  // nobody will find it again
    throw;
  }
  return ring.get();
}

const std::vector<std::shared_ptr<Ring>>& RingSet::collect() {
  const std::lock_guard lock(mutex_);
  std::erase_if(rings_, [](const auto& ring) { return ring->ended() && ring->empty(); });
  collected_ = rings_;
  return collected_;
}

}  // namespace berth::observe
