// A response has one writer.
// says: deleted
#include <berth/plugin.hpp>

struct Kept : berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
#ifdef BAD
    berth::ResponseWriter copy = response;
#else
    berth::ResponseWriter& copy = response;
#endif
    copy.write("x");
  }
};
