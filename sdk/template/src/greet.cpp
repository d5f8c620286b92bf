#include <berth/plugin.hpp>

#include <string>

// One for each route that names it; serve() runs on many threads at once.
class Greet : public berth::Handler {
 public:
  // What is wrong here is shown with the line of berth.yaml it is about.
  explicit Greet(const berth::Config& config) : greeting_(config.get<std::string>("greeting")) {
    config.allow_only({"greeting"});
  }

  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    response.set_header("Content-Type", "text/plain; charset=utf-8");
    response.write(greeting_ + ", " + std::string(request.path_value("name").value_or("you")) +
                   "\n");
  }

 private:
  const std::string greeting_;
};

BERTH_PLUGIN(berth::handler<Greet>("greet"));
