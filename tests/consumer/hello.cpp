#include <berth/plugin.hpp>

struct Hello : berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.set_header("Content-Type", "text/plain; charset=utf-8");
    response.write("hello, world\n");
  }
};

BERTH_PLUGIN(berth::handler<Hello>("hello"));
