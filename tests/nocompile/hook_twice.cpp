// One start, one stop.
// says: a_hook_is_given_twice
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
#define TEST berth::on_stop
#else
#define TEST berth::on_self_test
#endif
BERTH_PLUGIN(berth::handler<Nothing>("nothing"), berth::on_stop([] {}), TEST([] {}));
