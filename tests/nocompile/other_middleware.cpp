// The note would tell of middleware that the plugin has not got.
// says: MIDDLEWARE of berth_add_plugin
#ifdef BAD
#define BERTH_PLUGIN_MIDDLEWARE "one,two"
#else
#define BERTH_PLUGIN_MIDDLEWARE "one"
#endif
#include <berth/plugin.hpp>

struct Nothing : berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override { next(); }
};

BERTH_PLUGIN(berth::middleware<Nothing>("one"));
