// The child that reads the configuration and opens the sockets, from its start to its end: so that
// no YAML is read in the process that keeps them.
#pragma once

#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "net/socket_plan.h"
#include "supervise/host_process.h"
#include "supervise/variables.h"

namespace berth::supervise {

// One thread. The child finds the number of its end of the channel in $BERTH_PLAN, and
// net::receive_plan() is what it has to send.
class Planning {
 public:
  // `variables`: the environment as this process was given it; descriptors it was handed
  // (LISTEN_FDS) go on to the child under their numbers, and no longer belong to this process.
  [[nodiscard]] static base::Result<Planning> start(const std::string& program,
                                                    const std::vector<std::string>& arguments,
                                                    const Variables& variables);

  // The same for a supervisor that has a plan already: sockets of `before` that the configuration
  // still names stay what they are, and are in the new plan without their paths. The child finds
  // `before.user` in $BERTH_SERVES_AS.
  // `file`: open on the program.
  [[nodiscard]] static base::Result<Planning> start_again(const std::string& program, int file,
                                                          const std::vector<std::string>& arguments,
                                                          const Variables& variables,
                                                          const net::SocketPlan& before);

  // Whether its end can be waited for.
  [[nodiscard]] bool seen() const noexcept { return process_.descriptor() >= 0; }
  // To be waited for; -1: not any more, or there is none.
  [[nodiscard]] int channel() const noexcept { return channel_.get(); }
  [[nodiscard]] HostProcess& process() noexcept { return process_; }
  // Takes what has come. True: the child has ended.
  [[nodiscard]] bool advance();

  // REQUIRES of both: advance() was true.
  [[nodiscard]] const ProcessEnd& end() const noexcept { return end_; }
  // It has ended in order and all has come.
  [[nodiscard]] bool done() const noexcept;
  [[nodiscard]] net::SocketPlan take_plan() noexcept { return std::move(plan_); }

 private:
  [[nodiscard]] static base::Result<Planning> start_with(const std::string& program, int file,
                                                         const std::vector<std::string>& arguments,
                                                         Variables variables,
                                                         std::vector<int> sockets);
  Planning(HostProcess process, base::Descriptor channel) noexcept
      : process_(std::move(process)), channel_(std::move(channel)) {}
  void receive();

  HostProcess process_;
  base::Descriptor channel_;
  net::SocketPlan plan_;
  bool whole_ = false;
  ProcessEnd end_;
};

}  // namespace berth::supervise
