// A plugin has one entry.
// says: redefinition
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

BERTH_PLUGIN(berth::handler<Nothing>("one"), berth::handler<Nothing>("two"));
#ifdef BAD
BERTH_PLUGIN(berth::handler<Nothing>("three"));
#endif
