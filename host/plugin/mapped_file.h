// Which loaded file of the process an address lies in, and what the C library and the unwinder tell
// of a fault. Everything here may be asked in a handler of a signal once prime() was called.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::plugin {

// As the dynamic loader mapped it.
struct MappedFile {
  std::string_view path = {};  // as the loader was given it; empty for the executable, and for none
  std::uintptr_t bias = 0;     // an address of memory less it is one of the file
  bool found = false;
  bool executable = false;  // the process's own
};

// Takes no lock: glibc keeps the table for unwinders (_dl_find_object, glibc 2.35). The view lives
// as long as the file is loaded.
[[nodiscard]] MappedFile file_at(const void* address) noexcept;

// Whether a function that begins there is one of the allocator's: malloc(), free() and so on.
[[nodiscard]] bool is_allocator(const void* function) noexcept;

// What abort() was called for, as glibc tells it: a failed assert(), what its allocator found.
// Empty: it does not say.
[[nodiscard]] std::string_view abort_message() noexcept;

// Looks up once what the others need; from ordinary code, before any fault.
void prime_fault_lookups() noexcept;

}  // namespace berth::plugin
