// A plugin that uses the host's own version of Poco::Net.
#include <Poco/Net/IPAddress.h>
#include <berth/plugin.hpp>

namespace {

class Address : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.write(Poco::Net::IPAddress("192.0.2.1").toString());
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Address>("address"));
