// A handler serves.
// says: a handler overrides serve
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
#ifndef BAD
  void serve(berth::ResponseWriter&, berth::Request&) override {}
#endif
};

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
