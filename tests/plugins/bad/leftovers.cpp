// Leaves something behind, each kind something else. A handler's pattern is the number of a
// descriptor: threads end when it says end of file, and what is destroyed writes a byte to it.
#include <berth/abi.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <regex>
#include <string>
#include <string_view>
#include <thread>

namespace {

std::atomic<int> descriptor = -1;

void tell(char what) { [[maybe_unused]] const ssize_t written = ::write(descriptor, &what, 1); }

// Each in a function of its own: those of a namespace are made, and destroyed, all together.
void use_one() {
  struct Farewell {
    bool used = false;
    ~Farewell() { tell('x'); }
  };
  static thread_local Farewell farewell;
  farewell.used = true;
}

void use_second() {
  struct Second {
    bool used = false;
    ~Second() { tell('2'); }
  };
  static thread_local Second second;
  second.used = true;
}

// A destructor may well be the first to use another one.
void use_two() {
  struct First {
    bool used = false;
    ~First() {
      tell('1');
      use_second();
    }
  };
  static thread_local First first;
  first.used = true;
}

void wait_for_end() {
  ::pthread_setname_np(::pthread_self(), "leftover");
  char byte = 0;
  while (::read(descriptor, &byte, 1) > 0) {
  }
}

void detached() { std::thread(wait_for_end).detach(); }

// It ends at once; what it keeps is destroyed while it does.
void joined() { std::thread(use_one).join(); }

// Whatever a thread of the plugin starts is the plugin's too.
void grandchild() {
  std::thread([] { detached(); }).join();
}

void* wait_plainly(void*) {
  wait_for_end();
  return nullptr;
}

void plain_thread() {
  pthread_t thread{};
  if (::pthread_create(&thread, nullptr, wait_plainly, nullptr) == 0) ::pthread_detach(thread);
}

void with_regex() {
  static const std::regex pattern("a+(b|c)", std::regex::icase);
  use_one();
  if (!std::regex_match(std::string("AAc"), pattern)) std::abort();
}

void handle_signal() {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  (void)::sigaction(SIGUSR2, &action, nullptr);
}

void at_exit() {
  (void)std::atexit([] { tell('e'); });
}

// As a library does that loads plugins of its own and finds this one.
void reopened() {
  Dl_info self{};
  if (::dladdr(&descriptor, &self) != 0) (void)::dlopen(self.dli_fname, RTLD_NOW);
}

struct Kind {
  const char* name;
  void (*leave)();
};
constexpr std::array kKinds{
    Kind{"nothing", [] {}},         Kind{"detached", detached}, Kind{"plain_thread", plain_thread},
    Kind{"grandchild", grandchild}, Kind{"joined", joined},     Kind{"thread_local", use_one},
    Kind{"two", use_two},           Kind{"regex", with_regex},  Kind{"signal", handle_signal},
    Kind{"at_exit", at_exit},       Kind{"reopened", reopened},
};

const berth_kind* kind(std::size_t i) {
  static const auto kinds = [] {
    std::array<berth_kind, kKinds.size()> all{};
    for (std::size_t k = 0; k < all.size(); ++k) {
      all[k] = {sizeof(berth_kind), BERTH_ROLE_HANDLER, kKinds[k].name};
    }
    return all;
  }();
  return i < kinds.size() ? &kinds[i] : nullptr;
}

std::int32_t serve(void* self, berth_request*, berth_response*) {
  static_cast<const Kind*>(self)->leave();
  return BERTH_OK;
}

std::int32_t make(const berth_host*, const berth_mount* mount, const berth_handler** out) {
  static std::array<berth_handler, kKinds.size()> handlers{};
  const std::string_view wanted(mount->kind.data, mount->kind.size);
  descriptor = std::atoi(std::string(mount->pattern.data, mount->pattern.size).c_str());
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (wanted != kKinds[i].name) continue;
    handlers[i] = {sizeof(berth_handler), const_cast<Kind*>(&kKinds[i]), serve, nullptr};
    *out = &handlers[i];
    return BERTH_OK;
  }
  return BERTH_E_INVALID;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void) {
  static constexpr berth_plugin kPlugin = {.size = sizeof(berth_plugin),
                                           .abi_major = BERTH_ABI_MAJOR,
                                           .abi_minor = BERTH_ABI_MINOR,
                                           .needs_minor = BERTH_ABI_MINOR,
                                           .reserved = 0,
                                           .name = BERTH_PLUGIN_NAME,
                                           .version = BERTH_PLUGIN_VERSION,
                                           .kind = kind,
                                           .make = make,
                                           .make_middleware = nullptr,
                                           .start = nullptr,
                                           .stop = nullptr,
                                           .self_test = nullptr};
  return &kPlugin;
}
