// A kind stands in YAML behind a dot.
// says: a_kind_is_lower_case_letters_digits_and_underscores
#include <berth/plugin.hpp>

struct Nothing : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

#ifdef BAD
BERTH_PLUGIN(berth::handler<Nothing>("Hello.World"));
#else
BERTH_PLUGIN(berth::handler<Nothing>("hello_world_2"));
#endif
