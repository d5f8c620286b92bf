// What a Scoped ends ends once.
// says: deleted
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
berth::Scoped<berth::Timer> copy(const berth::Scoped<berth::Timer>& timer) { return timer; }
#else
berth::Scoped<berth::Timer> copy(berth::Scoped<berth::Timer>& timer) { return std::move(timer); }
#endif
BERTH_PLUGIN(berth::handler<Nothing>("nothing"));
