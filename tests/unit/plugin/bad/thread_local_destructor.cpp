// Leaves a destructor to run at the end of every thread that served it.
#include <berth/plugin.hpp>

#include <string>

namespace {

thread_local std::string last_path;

class Remembers : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request& request) override {
    last_path = request.path();
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Remembers>("remembers"));
