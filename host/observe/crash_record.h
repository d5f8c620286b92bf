// What is known of one crash, as plain memory that the crashing process fills and another reads. It
// formats nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "base/limits.h"

namespace berth::observe {

// A text of bounded size; what is longer is cut. Zeroed memory is the empty one.
template <std::size_t Bytes>
class CrashText {
 public:
  // From a handler of a signal, too.
  void set(std::string_view text) noexcept {
    // First none: a fault while it is copied leaves what is there unread.
    size_ = 0;
    const std::size_t size = std::min(text.size(), Bytes);
    std::copy_n(text.begin(), size, bytes_.begin());
    size_ = static_cast<std::uint32_t>(size);
  }
  // Any bytes. Whatever size the memory claims: within it.
  [[nodiscard]] std::string_view view() const noexcept {
    return {bytes_.data(), std::min<std::size_t>(size_, Bytes)};
  }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::uint32_t size_ = 0;
  std::array<char, Bytes> bytes_{};
};

enum class CrashKind : std::uint32_t { kSignal = 0, kExit = 1 };
// What the instruction did with the address.
enum class CrashAccess : std::uint32_t { kUnknown = 0, kRead = 1, kWrite = 2, kExecute = 3 };
// In whose code the instruction lies.
enum class CrashPlace : std::uint32_t {
  kUnknown = 0,
  kPlugin = 1,
  kHost = 2,       // or of a library that it called for a request
  kAllocator = 3,  // malloc(), free() and what they call
  kLibrary = 4,
  kNowhere = 5,  // no file is mapped there
};
// How the plugin was found: it was being called, or its code was at the fault, or it had called
// what was.
enum class CrashBlame : std::uint32_t { kNobody = 0, kCall = 1, kInstruction = 2, kBacktrace = 3 };

struct CrashImage {
  CrashText<256> path;     // it is mapped from; of the executable: its own
  CrashText<64> build_id;  // of plugins
};

struct CrashFrame {
  std::uint64_t address;   // of the instruction; of callers: behind the call
  std::uint64_t offset;    // the same in its image's own addresses
  std::uint32_t image;     // its place in CrashRecord::images; kNoImage
  std::uint32_t repeated;  // so many more of the same follow, as in a recursion
};

// All zero: nothing is known. Enumerations are stored as their integers, for memory may hold any.
struct CrashRecord {
  static constexpr std::uint32_t kNoImage = 0xFFFFFFFF;
  static constexpr std::size_t kImages = 16;
  static constexpr std::size_t kFrames = 64;

  std::uint32_t kind;   // CrashKind
  std::int32_t signal;  // of kSignal, with si_code
  std::int32_t code;
  std::int32_t exit_code;  // of kExit
  std::uint32_t sender;    // process that sent the signal, and its user; 0: it is a fault's
  std::uint32_t sender_user;
  std::uint32_t access;       // CrashAccess
  std::uint32_t place;        // CrashPlace
  std::uint32_t blame;        // CrashBlame
  std::uint32_t stack_full;   // 1: the fault is one of the stack that ran over
  std::uint32_t has_address;  // 1: `address` is that of the fault
  std::uint32_t faults;       // within the handler: so many parts of the record are missing
  std::uint32_t process;
  std::uint32_t thread;
  std::int64_t time_us;  // since the epoch
  std::uint64_t address;
  std::uint64_t instruction;
  std::uint64_t stack_pointer;
  std::uint64_t generation;  // of the request, else the one that loaded the plugin; 0: none
  // Resources of the process.
  std::int64_t user_us;
  std::int64_t system_us;
  std::uint64_t resident_kib;
  std::uint64_t max_resident_kib;

  CrashText<32> thread_name;
  CrashText<128> plugin;  // its name in the configuration
  CrashText<64> version;
  CrashText<64> build_id;
  CrashText<1024> route;  // its pattern
  CrashText<256> request_id;
  CrashText<32> method;
  CrashText<base::limits::kCrashTarget> target;
  CrashText<256> exception;  // its type, readable; of std::terminate
  CrashText<512> message;    // its what(), or what abort() was given
  CrashText<32> call;        // of kExit: the function
  CrashText<128> decision;

  std::uint32_t image_count;
  std::uint32_t frame_count;
  std::array<CrashImage, kImages> images;
  std::array<CrashFrame, kFrames> frames;

  // Both within their arrays, whatever the memory claims.
  [[nodiscard]] std::size_t frames_there() const noexcept {
    return std::min<std::size_t>(frame_count, kFrames);
  }
  // Null: of none.
  [[nodiscard]] const CrashImage* image_of(const CrashFrame& frame) const noexcept {
    const std::size_t there = std::min<std::size_t>(image_count, kImages);
    return frame.image < there ? &images[frame.image] : nullptr;
  }
};

static_assert(std::is_trivially_copyable_v<CrashRecord>);
static_assert(std::is_standard_layout_v<CrashRecord>);

}  // namespace berth::observe
