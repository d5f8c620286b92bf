#include "observe/crash_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/limits.h"

namespace berth::observe {

namespace {

constexpr std::uint32_t kFree = 0;
constexpr std::uint32_t kClaimed = 1;
constexpr std::uint32_t kWritten = 2;

}  // namespace

struct CrashBoard::Memory {
  struct Place {
    // kFree -> kClaimed by the thread that crashes (acquire: nothing of the record is written
    // before it is its own), -> kWritten by it (release: whoever reads kWritten with acquire reads
    // all of the record). Between processes as between threads: it is lock-free.
    std::atomic<std::uint32_t> state;
    CrashRecord record;
  };
  std::array<Place, base::limits::kCrashRecords> places;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

CrashBoard::CrashBoard(base::Descriptor file, Memory* memory) noexcept
    : file_(std::move(file)), memory_(memory) {}

CrashBoard::CrashBoard(CrashBoard&& other) noexcept
    : file_(std::move(other.file_)), memory_(std::exchange(other.memory_, nullptr)) {}

CrashBoard::~CrashBoard() noexcept {
  if (memory_ != nullptr) (void)::munmap(memory_, sizeof(Memory));
}

base::Result<CrashBoard> CrashBoard::create() {
  base::Descriptor file(::memfd_create("berth-crashes", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  if (::ftruncate(file.get(), sizeof(Memory)) != 0) {
    return base::fail(base::system_error(errno, "memory for crash records"));
  }
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
    return base::fail(base::system_error(errno, "F_ADD_SEALS"));
  }
  return map(std::move(file));
}

base::Result<CrashBoard> CrashBoard::adopt(base::Descriptor file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return base::fail(base::system_error(errno, "the memory for crash records"));
  }
  // Shorter memory would be a fault when it is read.
  const int seals = ::fcntl(file.get(), F_GET_SEALS);
  if (status.st_size != off_t{sizeof(Memory)} || seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the descriptor is not one of memory for crash records");
  }
  if (::fcntl(file.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return base::fail(base::system_error(errno, "the memory for crash records"));
  }
  return map(std::move(file));
}

base::Result<CrashBoard> CrashBoard::map(base::Descriptor file) {
  void* const memory =
      ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) {
    return base::fail(base::system_error(errno, "cannot map the memory for crash records"));
  }
  // Zeros are a board with everything free.
  return CrashBoard(std::move(file), static_cast<Memory*>(memory));
}

CrashRecord* CrashBoard::claim() noexcept {
  for (Memory::Place& place : memory_->places) {
    std::uint32_t state = kFree;
    if (place.state.compare_exchange_strong(state, kClaimed, std::memory_order_acquire,
                                            std::memory_order_relaxed)) {
      return &place.record;
    }
  }
  return nullptr;
}

void CrashBoard::finish(CrashRecord& record) noexcept {
  for (Memory::Place& place : memory_->places) {
    if (&place.record != &record) continue;
    place.state.store(kWritten, std::memory_order_release);
  }
}

std::vector<CrashBoard::Entry> CrashBoard::read() const {
  std::vector<Entry> entries;
  for (const Memory::Place& place : memory_->places) {
    const std::uint32_t state = place.state.load(std::memory_order_acquire);
    if (state == kFree) break;  // they are claimed in this order
    entries.push_back({place.record, state == kWritten});
  }
  return entries;
}

}  // namespace berth::observe
