// A middleware serves, with what comes after it.
// says: a middleware overrides serve
#include <berth/plugin.hpp>

struct Nothing : berth::Middleware {
#ifndef BAD
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override { next(); }
#endif
};

BERTH_PLUGIN(berth::middleware<Nothing>("nothing"));
