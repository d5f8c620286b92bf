// Does what AT_LOAD names while it is loaded, and is an ordinary plugin else.
#include <berth/plugin.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <thread>

namespace {

[[maybe_unused]] void crash() { std::raise(SIGSEGV); }
[[maybe_unused]] void leave() { std::_Exit(7); }
[[maybe_unused]] void hang() {
  for (;;) ::pause();
}
[[maybe_unused]] void spin() {
  for (volatile bool on = true; on;) {
  }
}
// One that uses what is thread_local, and is waited for under the loader's lock.
[[maybe_unused]] void start_thread() {
  static thread_local std::string text;
  std::thread([] { text = "of another thread"; }).join();
}

const bool done = (AT_LOAD(), true);

class Fine : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.write(done ? "fine\n" : "");
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Fine>("fine"));
