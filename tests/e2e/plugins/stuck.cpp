// Handlers that do not return before GET /free has been asked, each in its way.
#include <berth/plugin.hpp>

#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace {

struct Gate {
  std::mutex mutex;
  std::condition_variable opened;
  std::atomic<bool> open{false};
};

Gate& gate() {
  static Gate one;
  return one;
}

[[gnu::noinline]] void wait_for_ever() {
  std::unique_lock lock(gate().mutex);
  gate().opened.wait(lock, [] { return gate().open.load(); });
}

[[gnu::noinline]] void spin_for_ever() {
  while (!gate().open.load()) {
  }
}

[[gnu::noinline]] void wait_deaf() {
  sigset_t all;
  (void)::sigfillset(&all);
  sigset_t before;
  (void)::pthread_sigmask(SIG_BLOCK, &all, &before);
  wait_for_ever();
  (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

class Stays : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string_view how = request.path_value("how").value_or("");
    response.set_header("X-Request-Id", "rid-" + std::string(how));
    if (how == "waits") wait_for_ever();
    if (how == "spins") spin_for_ever();
    if (how == "deaf") wait_deaf();
    response.write("back\n");
  }
};

class Frees : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    {
      const std::scoped_lock lock(gate().mutex);
      gate().open = true;
    }
    gate().opened.notify_all();
    response.write("open\n");
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Stays>("stays"), berth::handler<Frees>("frees"));
