// A request dies with serve(): a copy would outlive it.
// says: deleted
#include <berth/plugin.hpp>

struct Kept : berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
#ifdef BAD
    berth::Request copy = request;
#else
    berth::Request& copy = request;
#endif
    response.write(copy.method());
  }
};
