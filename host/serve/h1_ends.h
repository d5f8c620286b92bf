// Who stands at both ends of an HTTP/1 connection, for those who ask, and what they keep with it:
// texts, what a PROXY header told, values by name. Most connections have none.
#pragma once

#include <optional>
#include <string>

#include "net/proxy_header.h"
#include "serve/h1_connection.h"
#include "serve/values.h"

namespace berth::serve {

struct H1Connection::Ends {
  std::optional<net::ProxyHeader> told;  // whose addresses hold instead of the socket's
  // Each made when it is asked for.
  std::string peer;
  std::string remote;
  std::string local;
  Values values;  // of ValueScope::kConnection
};

}  // namespace berth::serve
