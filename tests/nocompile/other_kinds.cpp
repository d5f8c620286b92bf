// The note would tell of kinds that the plugin has not got.
// says: KINDS of berth_add_plugin
#ifdef BAD
#define BERTH_PLUGIN_KINDS "one,two"
#else
#define BERTH_PLUGIN_KINDS "one"
#endif
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

BERTH_PLUGIN(berth::handler<Nothing>("one"));
