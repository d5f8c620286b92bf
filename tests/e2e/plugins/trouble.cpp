// What a plugin may do to its host: throw or block while it serves, crash or end the process while
// it is made, look at the environment, and at who stands at the other end.
#include <berth/plugin.hpp>

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

class Throws : public berth::Handler {
 public:
  void serve(berth::ResponseWriter&, berth::Request& request) override {
    throw std::runtime_error("thrown for " + std::string(request.path_value("name").value_or("")));
  }
};

// Never returns: the host has to go without it.
class Blocks : public berth::Handler {
 public:
  void serve(berth::ResponseWriter&, berth::Request&) override {
    berth::log(berth::Level::info, "blocking");
    for (;;) ::pause();
  }
};

class Crashes : public berth::Handler {
 public:
  Crashes() { std::abort(); }
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

class Exits : public berth::Handler {
 public:
  Exits() { std::_Exit(0); }
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

// Answers with the variable that {name} names.
class Environment : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string name(request.path_value("name").value_or(""));
    const char* const value = std::getenv(name.c_str());
    response.write(value == nullptr ? "not set" : value);
  }
};

// Sets two final statuses, and goes on.
class Twice : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.status(202);
    try {
      response.status(500);
    } catch (const berth::Error&) {
      response.write("the first one\n");
    }
  }
};

// Ends the whole process, as {how} says.
class Dies : public berth::Handler {
 public:
  void serve(berth::ResponseWriter&, berth::Request& request) override {
    const std::string_view how = request.path_value("how").value_or("");
    if (how == "abort") std::abort();
    if (how == "exit") std::exit(7);
    std::_Exit(8);
  }
};

// Answers with who asks, and how.
class Ends : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    response.write("client " + std::string(request.remote_address()) + " " +
                   std::string(request.scheme()) + " peer " + std::string(request.peer_address()));
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Throws>("throws"), berth::handler<Crashes>("crashes"),
             berth::handler<Exits>("exits"), berth::handler<Blocks>("blocks"),
             berth::handler<Environment>("environment"), berth::handler<Twice>("twice"),
             berth::handler<Ends>("ends"), berth::handler<Dies>("dies"));
