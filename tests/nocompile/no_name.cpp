// A plugin without a name: the message says how to give it one.
// says: use berth_add_plugin
#ifdef BAD
#undef BERTH_PLUGIN_NAME
#endif
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
