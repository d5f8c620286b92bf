// What a supervisor leaves to the program that takes its place in the same process, with the same
// children and descriptors: written before exec(2), read behind it. It executes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "net/socket_plan.h"
#include "supervise/host.h"

namespace berth::supervise {

// What it knows beside its sockets and hosts.
struct Known {
  std::uint64_t generation = 0;  // that served last
  std::string refusal = {};      // of the last reload; empty: none
  bool reload_wanted = false;    // of the next host
  base::Duration longest_start{};
};

struct Handover {
  net::SocketPlan plan;
  std::vector<Host> hosts;
  Known known;
};

// A file in memory that tells all of it as of base::kHandoverVersion, descriptors by their numbers.
// The caller sees to it that those stay open.
[[nodiscard]] base::Result<base::Descriptor> write_handover(const net::SocketPlan& plan,
                                                            const std::vector<Host>& hosts,
                                                            const Known& known);

// Takes over the descriptors it names. kCorrupt: it is none, or of another version.
[[nodiscard]] base::Result<Handover> read_handover(base::Descriptor file);

}  // namespace berth::supervise
