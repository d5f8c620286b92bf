// One HTTP request over a Unix socket and its reply, within a deadline: what berth's own verbs ask
// a running server with. Not a client for servers in general.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/unix_address.h"

namespace berth::net {

struct UnixHttpRequest {
  std::string method;
  std::string target;
  std::string body = {};  // JSON; empty: none
};

struct UnixHttpReply {
  int status = 0;
  std::string content_type;
  std::string body;
  // Who listens, as SO_PEERCRED tells; 0: a process our pid namespace does not see.
  pid_t server = 0;
};

// Asks on a connection of its own. It speaks HTTP/1.0, so that a reply ends with its connection.
// The deadline is for all of it, a reply that trickles included; TimePoint::max() waits for ever.
// What the server said before it read the whole request is a reply as well. Errors:
//   kNotFound    no socket stands there, or nobody listens at it any more
//   kClosed      the connection ended before the reply did
//   kPermission  the socket may not be opened
//   kTimedOut    the deadline passed
//   kCorrupt     the reply is no HTTP, or longer than 16 MiB
// else as the system says. Any thread that may wait; raises no SIGPIPE.
[[nodiscard]] base::Result<UnixHttpReply> ask_over_unix(const UnixAddress& address,
                                                        const UnixHttpRequest& request,
                                                        base::TimePoint deadline);

}  // namespace berth::net
