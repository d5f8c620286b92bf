// Two kinds of one name: a route could not say which.
// says: two_kinds_have_the_same_name
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
