// The rest of the chain is there as long as serve() runs, and once.
// says: deleted
#include <berth/plugin.hpp>

struct Keeps : berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override {
#ifdef BAD
    berth::Next copy = next;
    copy();
#else
    next();
#endif
  }
};

BERTH_PLUGIN(berth::middleware<Keeps>("keeps"));
