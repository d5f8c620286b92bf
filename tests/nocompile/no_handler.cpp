// Hooks alone are no plugin.
// says: a_plugin_needs_a_handler_or_middleware
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
BERTH_PLUGIN(berth::on_stop([] {}));
#else
BERTH_PLUGIN(berth::handler<Nothing>("nothing"), berth::on_stop([] {}));
#endif
