// A plugin that tells on stderr what of its end it comes to: stop, atexit(3), static destructors.
#include <unistd.h>

#include <berth/plugin.hpp>
#include <cstdlib>
#include <string_view>

namespace {

void tell(std::string_view what) { (void)!::write(STDERR_FILENO, what.data(), what.size()); }

struct Static {
  ~Static() { tell("farewell: static\n"); }
};
const Static kStatic;

class Stays : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    response.write("here\n");
    if (request.path_value("how") != "for-ever") return;
    tell("it stays\n");
    for (;;) ::pause();
  }
};

void started(const berth::Config&, berth::Phase) {
// ThreadSanitizer takes atexit() over for the whole process, and would call it in what is gone.
#ifndef __SANITIZE_THREAD__
  (void)std::atexit([] { tell("farewell: atexit\n"); });
#endif
}

void stopped() { tell("farewell: stop\n"); }

}  // namespace

BERTH_PLUGIN(berth::handler<Stays>("stays"), berth::on_start(started), berth::on_stop(stopped));
