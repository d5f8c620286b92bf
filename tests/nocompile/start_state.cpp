// A hook is a function of the plugin, not an object with state that nobody would own.
// says: on_start
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

int started = 0;
#ifdef BAD
BERTH_PLUGIN(berth::handler<Nothing>("nothing"),
             berth::on_start([n = 1](const berth::Config&, berth::Phase) { started += n; }));
#else
BERTH_PLUGIN(berth::handler<Nothing>("nothing"),
             berth::on_start([](const berth::Config&, berth::Phase) { ++started; }));
#endif
