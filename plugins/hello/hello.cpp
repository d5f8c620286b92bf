// Greets who is named in the route's {name}, or the world. The smallest plugin with a setting.
#include <berth/plugin.hpp>

#include <string>
#include <string_view>

namespace {

class Hello : public berth::Handler {
 public:
  explicit Hello(const berth::Config& config)
      : greeting_(config.get<std::string>("greeting", "hello") + ", ") {
    config.allow_only({"greeting"});
  }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    response.set_header("Content-Type", "text/plain; charset=utf-8");
    std::string text = greeting_;
    text += request.path_value("name").value_or("world");
    text += '\n';
    response.write(text);
  }

 private:
  const std::string greeting_;
};

}  // namespace

BERTH_PLUGIN(berth::handler<Hello>("hello"));
