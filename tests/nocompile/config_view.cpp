// The configuration is gone when the constructor returns: a view would dangle.
// says: deleted
#include <berth/plugin.hpp>

#include <string>
#include <string_view>

struct Keeps : berth::Handler {
#ifdef BAD
  using Text = std::string_view;
#else
  using Text = std::string;
#endif
  explicit Keeps(const berth::Config& config) : text(config.get<Text>("text")) {}
  void serve(berth::ResponseWriter& response, berth::Request&) override { response.write(text); }
  Text text;
};

BERTH_PLUGIN(berth::handler<Keeps>("keeps"));
