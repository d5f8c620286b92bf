#include "supervise/planning.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "net/inherited_sockets.h"

namespace berth::supervise {

namespace {

constexpr int kFirst = STDERR_FILENO + 1;  // sd_listen_fds(3)

std::optional<std::string> optional_value(const Variables& variables, std::string_view name) {
  std::string value = variables.value(name);
  return value.empty() ? std::nullopt : std::optional(std::move(value));
}

// How many this process was handed; they are its own from now on. Errors as
// net::InheritedSockets::take.
base::Result<std::vector<base::Descriptor>> handed_down(const Variables& variables) {
  const net::InheritedSockets::Variables listen{
      .listen_pid = optional_value(variables, "LISTEN_PID"),
      .listen_fds = optional_value(variables, "LISTEN_FDS"),
      .listen_fdnames = optional_value(variables, "LISTEN_FDNAMES")};
  auto sockets = net::InheritedSockets::take(listen, ::getpid());
  if (!sockets) return base::fail(std::move(sockets).error());
  std::vector<base::Descriptor> result;
  if (sockets->names().empty()) return result;  // LISTEN_PID names another process
  for (const std::string& name : sockets->names()) {
    for (base::Descriptor& socket : sockets->take(name)) result.push_back(std::move(socket));
  }
  // Their numbers are what the names go by.
  std::sort(result.begin(), result.end(),
            [](const auto& one, const auto& other) { return one.get() < other.get(); });
  return result;
}

}  // namespace

base::Result<Planning> Planning::start_again(const std::string& program, int file,
                                             const std::vector<std::string>& arguments,
                                             const Variables& variables,
                                             const net::SocketPlan& before) {
  std::vector<int> sockets;
  std::string names;
  for (const net::PlannedSocket& socket : before.sockets) {
    if (!sockets.empty()) names += ':';
    names += socket.name;
    sockets.push_back(socket.socket.get());
  }
  Variables given = variables;
  given.set("LISTEN_FDS", std::to_string(sockets.size()));
  given.set("LISTEN_FDNAMES", names);
  given.set("BERTH_SERVES_AS", before.user);
  return start_with(program, file, arguments, std::move(given), std::move(sockets));
}

base::Result<Planning> Planning::start(const std::string& program,
                                       const std::vector<std::string>& arguments,
                                       const Variables& variables) {
  const auto inherited = handed_down(variables);
  if (!inherited) return base::fail(inherited.error());
  std::vector<int> sockets;
  for (const base::Descriptor& socket : *inherited) sockets.push_back(socket.get());
  Variables given = variables;
  given.remove("BERTH_SERVES_AS");
  // The child's number is not known yet: it takes what $BERTH_PLAN comes with for its own.
  if (!inherited->empty()) given.remove("LISTEN_PID");
  return start_with(program, -1, arguments, std::move(given), std::move(sockets));
}

base::Result<Planning> Planning::start_with(const std::string& program, int file,
                                            const std::vector<std::string>& arguments,
                                            Variables variables, std::vector<int> sockets) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::system_error(errno, "socketpair"));
  }
  base::Descriptor here(ends[0]);
  const base::Descriptor there(ends[1]);
  variables.set("BERTH_PLAN", std::to_string(kFirst + static_cast<int>(sockets.size())));
  sockets.push_back(there.get());
  const SpawnOptions options{.program = program,
                             .program_file = file,
                             .arguments = arguments,
                             .environment = variables.entries(),
                             .descriptors = std::move(sockets)};
  auto process = HostProcess::spawn(options);
  if (!process) return base::fail(std::move(process).error());
  return Planning(std::move(*process), std::move(here));
}

void Planning::receive() {
  if (!channel_) return;
  const auto received = net::receive_plan(channel_.get(), plan_);
  if (received && !*received) return;
  whole_ = received.ok();
  channel_.reset();
}

bool Planning::advance() {
  receive();
  const auto end = process_.end();
  if (!end) return false;
  receive();  // what it sent between the two
  end_ = *end;
  return true;
}

bool Planning::done() const noexcept {
  return whole_ && end_.kind == ProcessEnd::Kind::kExited && end_.value == 0;
}

}  // namespace berth::supervise
