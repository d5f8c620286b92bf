// Throws while it is loaded.
#include <berth/plugin.hpp>

#include <stdexcept>

namespace {

struct Global {
  Global() { throw std::runtime_error("no database"); }
};
const Global global;

class Nothing : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

}  // namespace

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
