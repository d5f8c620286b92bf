#include "app/backtrace.h"

#include <unwind.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "plugin/image_use.h"
#include "plugin/mapped_file.h"

namespace berth::app {

namespace {

using observe::CrashRecord;

// Frames of the handler itself, which come first.
constexpr std::size_t kHandlerFrames = 64;
// A recursion that fills a stack of 8 MiB; and damaged frames may lead in circles.
constexpr std::size_t kMost = 100'000;

struct Walk {
  CrashRecord* record = nullptr;
  std::uintptr_t from = 0;
  std::string_view executable = {};
  bool reached = false;
  std::size_t skipped = 0;
  std::size_t walked = 0;
};

const void* pointer(std::uintptr_t address) noexcept {
  return reinterpret_cast<const void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

// Where the file stands among the record's; kNoImage: there are too many.
std::uint32_t image_index(CrashRecord& record, std::string_view path,
                          std::uintptr_t address) noexcept {
  for (std::uint32_t i = 0; i < record.image_count; ++i) {
    if (record.images[i].path.view() == path) return i;
  }
  if (record.image_count >= CrashRecord::kImages) return CrashRecord::kNoImage;
  observe::CrashImage& image = record.images[record.image_count];
  image.path.set(path);
  if (const plugin::ImageUse* const use = plugin::ImageUse::peek(pointer(address))) {
    image.build_id.set(use->name().build_id);
  }
  return record.image_count++;
}

void add_frame(CrashRecord& record, std::uintptr_t address, std::string_view executable) noexcept {
  if (record.frame_count > 0) {
    observe::CrashFrame& last = record.frames[record.frame_count - 1];
    if (last.address == address) {
      ++last.repeated;
      return;
    }
  }
  if (record.frame_count >= CrashRecord::kFrames) return;
  const plugin::MappedFile file = plugin::file_at(pointer(address));
  observe::CrashFrame& frame = record.frames[record.frame_count];
  frame.address = address;
  frame.offset = file.found ? address - file.bias : 0;
  frame.image = CrashRecord::kNoImage;
  if (file.found) {
    frame.image = image_index(record, file.executable ? executable : file.path, address);
  }
  ++record.frame_count;
}

_Unwind_Reason_Code visit(_Unwind_Context* context, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  if (walk.record == nullptr) return _URC_NO_REASON;  // primed
  const std::uintptr_t address = _Unwind_GetIP(context);
  walk.reached = walk.reached || address == walk.from;
  if (!walk.reached) {
    return ++walk.skipped > kHandlerFrames ? _URC_END_OF_STACK : _URC_NO_REASON;
  }
  // The last frame of a thread has none.
  if (address == 0 && walk.record->frame_count > 0) return _URC_END_OF_STACK;
  add_frame(*walk.record, address, walk.executable);
  const bool goes_on = walk.record->frame_count < CrashRecord::kFrames && ++walk.walked < kMost;
  return goes_on ? _URC_NO_REASON : _URC_END_OF_STACK;
}

}  // namespace

void prime_backtrace() noexcept {
  Walk none;
  (void)_Unwind_Backtrace(visit, &none);
}

void add_backtrace(CrashRecord& record, std::uintptr_t instruction, std::uintptr_t stack_pointer,
                   std::string_view executable) noexcept {
  if (plugin::file_at(pointer(instruction)).found || stack_pointer == 0) {
    Walk walk{&record, instruction, executable};
    (void)_Unwind_Backtrace(visit, &walk);
    if (!walk.reached) add_frame(record, instruction, executable);
    return;
  }
  // A call by a wrong pointer: what it has pushed is its caller, and all that can be known, for the
  // unwinder would read the code that is not there.
  add_frame(record, instruction, executable);
  std::uintptr_t caller = 0;
  std::memcpy(&caller, pointer(stack_pointer), sizeof caller);
  if (plugin::file_at(pointer(caller)).found) add_frame(record, caller, executable);
}

}  // namespace berth::app
