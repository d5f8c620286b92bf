// What stands around handlers is none.
// says: constraints not satisfied|no matching function
#include <berth/plugin.hpp>

struct Nothing : berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override { next(); }
};

#ifdef BAD
BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
#else
BERTH_PLUGIN(berth::middleware<Nothing>("nothing"));
#endif
