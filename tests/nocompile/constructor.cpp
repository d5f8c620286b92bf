// A handler is made from its configuration, its mount, or nothing.
// says: const Mount&, const Config& or nothing
#include <berth/plugin.hpp>

#ifdef BAD
#define FROM int
#else
#define FROM const berth::Mount&
#endif
struct Nothing : berth::Handler {
  explicit Nothing(FROM) {}
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
