// Changes the process and throws while it is loaded.
#include <berth/plugin.hpp>

#include <sys/stat.h>

#include <stdexcept>

namespace {

struct Global {
  Global() {
    (void)::umask(0123);
    throw std::runtime_error("no database");
  }
};
const Global global;

class Nothing : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

}  // namespace

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
