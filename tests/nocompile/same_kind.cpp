// Two handlers of one kind: a route could not say which.
// says: two_handlers_have_the_same_kind
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
#define SECOND "one"
#else
#define SECOND "two"
#endif
BERTH_PLUGIN(berth::handler<Nothing>("one"), berth::handler<Nothing>(SECOND));
