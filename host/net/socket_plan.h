// Listening sockets on their way from the process that opened them to the one that keeps them open:
// over a Unix socket that keeps the bounds of messages (SOCK_SEQPACKET). It opens none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "net/unix_path.h"

namespace berth::net {

struct PlannedSocket {
  std::string name;  // without ':', so that LISTEN_FDNAMES can carry it
  base::Descriptor socket;
  UnixPath path;  // to be removed in the end; empty: none
};

struct SocketPlan {
  std::vector<PlannedSocket> sockets;
  base::Duration stop{};  // how long an orderly stop may take
  bool json_log = false;  // how lines of the log are written
  bool standby = false;   // a second host is kept ready
  std::string user = {};  // whom hosts give root up for (base::Identity::text()); empty: nobody
  // Of what the sender's program and a supervisor of it tell each other, and of the hand-over that
  // it understands; 0: none.
  std::uint32_t link = 0;
  std::uint32_t handover = 0;
};

// Both wait for the reader where it is slow. Errors: as base::system_error; kInvalidArgument: a
// name or path is too long.
[[nodiscard]] base::Status<> send_socket(int channel, std::string_view name, int socket,
                                         const UnixPath& path);
// Last: everything was sent.
[[nodiscard]] base::Status<> send_end(int channel, const SocketPlan& settings);

// Takes what is there into `plan`, without waiting; true: it is whole. Errors: kClosed, it will
// never be; kCorrupt, it is none.
[[nodiscard]] base::Result<bool> receive_plan(int channel, SocketPlan& plan);

}  // namespace berth::net
