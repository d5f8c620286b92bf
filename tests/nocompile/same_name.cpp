// A handler and a middleware of one name: `inspect` and people could not tell which.
// says: two_kinds_have_the_same_name
#include <berth/plugin.hpp>

struct Answers : berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};
struct Around : berth::Middleware {
  void serve(berth::ResponseWriter&, berth::Request&, berth::Next& next) override { next(); }
};

#ifdef BAD
#define NAME "one"
#else
#define NAME "two"
#endif
BERTH_PLUGIN(berth::handler<Answers>("one"), berth::middleware<Around>(NAME));
