#include "plugin/mapped_file.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>

namespace berth::plugin {

namespace {

// glibc's, private to it, for debuggers and reporters of crashes: a size and a text with a NUL.
struct AbortMessage {
  unsigned int size;
  char text[1];
};

constexpr std::array kAllocator = {"malloc",        "free",           "calloc",  "realloc",
                                   "aligned_alloc", "posix_memalign", "memalign"};
constexpr std::size_t kLongestMessage = 1024;

struct Lookups {
  std::array<std::atomic<const void*>, kAllocator.size()> allocator{};
  std::atomic<AbortMessage* const*> abort_message{nullptr};
};

// Written once, before any fault.
Lookups& lookups() noexcept {
  static constinit Lookups only;
  return only;
}

}  // namespace

MappedFile file_at(const void* address) noexcept {
  dl_find_object found{};
  if (::_dl_find_object(const_cast<void*>(address), &found) != 0) return {};
  const link_map* const map = found.dlfo_link_map;
  MappedFile file{.path = {}, .bias = map->l_addr, .found = true};
  if (map->l_name == nullptr || *map->l_name == '\0') {
    file.executable = true;
  } else {
    file.path = map->l_name;
  }
  return file;
}

bool is_allocator(const void* function) noexcept {
  const auto& known = lookups().allocator;
  return function != nullptr && std::any_of(known.begin(), known.end(), [&](const auto& one) {
           return one.load(std::memory_order_relaxed) == function;
         });
}

std::string_view abort_message() noexcept {
  AbortMessage* const* const place = lookups().abort_message.load(std::memory_order_relaxed);
  if (place == nullptr || *place == nullptr) return {};
  const char* const text = (*place)->text;
  std::size_t size = ::strnlen(text, kLongestMessage);
  while (size > 0 && text[size - 1] == '\n') --size;
  return {text, size};
}

void prime_fault_lookups() noexcept {
  Lookups& all = lookups();
  for (std::size_t i = 0; i < kAllocator.size(); ++i) {
    all.allocator[i].store(::dlsym(RTLD_DEFAULT, kAllocator[i]), std::memory_order_relaxed);
  }
  all.abort_message.store(static_cast<AbortMessage* const*>(::dlsym(RTLD_DEFAULT, "__abort_msg")),
                          std::memory_order_relaxed);
}

}  // namespace berth::plugin
