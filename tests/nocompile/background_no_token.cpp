// A background task takes what tells it to end.
// says: a background task is called with a berth::StopToken
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
#define TEST [] {}
#else
#define TEST [](berth::StopToken) {}
#endif
void start(const berth::Config&, berth::Phase) { berth::background("nothing", TEST); }
BERTH_PLUGIN(berth::handler<Nothing>("nothing"), berth::on_start(start));
