// Throws inside of handlers in every way the SDK contains.
#include <berth/plugin.hpp>

#include <stdexcept>

namespace {

class Standard : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override {
    throw std::runtime_error("a standard exception");
  }
};

class Number : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request&) override { throw 42; }
};

class Constructor : public berth::Handler {
 public:
  Constructor() { throw std::runtime_error("cannot be made"); }
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

}  // namespace

BERTH_PLUGIN(berth::handler<Standard>("standard"), berth::handler<Number>("number"),
             berth::handler<Constructor>("constructor"));
