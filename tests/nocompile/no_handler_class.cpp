// Only a Handler can be mounted.
// says: derived_from
#include <berth/plugin.hpp>

#ifdef BAD
struct Nothing {
#else
struct Nothing : berth::Handler {
#endif
  void serve(berth::ResponseWriter&, berth::Request&) {}
};

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
