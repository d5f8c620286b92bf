#include "supervise/host.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "supervise/oom_kills.h"

namespace berth::supervise {

namespace {

constexpr int kFirst = STDERR_FILENO + 1;

}  // namespace

base::Result<Host> Host::start(const HostOptions& options, const base::Clock& clock) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::system_error(errno, "socketpair"));
  }
  base::Descriptor here(ends[0]);
  const base::Descriptor there(ends[1]);
  SpawnOptions spawn{.program = options.program,
                     .program_file = options.program_file,
                     .arguments = options.arguments,
                     .environment = {},
                     .holds_signals = true};
  std::string names;
  for (const net::PlannedSocket& socket : options.sockets) {
    if (!spawn.descriptors.empty()) names += ':';
    names += socket.name;
    spawn.descriptors.push_back(socket.socket.get());
  }
  Variables variables = options.variables;
  variables.set("LISTEN_FDS", std::to_string(spawn.descriptors.size()));
  variables.set("LISTEN_FDNAMES", names);
  variables.set("BERTH_LINK", std::to_string(kFirst + static_cast<int>(spawn.descriptors.size())));
  spawn.descriptors.push_back(there.get());
  spawn.environment = variables.entries();
  const auto before = oom_kills();
  auto process = HostProcess::spawn(spawn);
  if (!process) return base::fail(std::move(process).error());
  Host host(std::move(*process), std::move(here));
  host.started_at = clock.now();
  host.oom_kills_ = before;
  return host;
}

Host Host::adopt(pid_t pid, base::Descriptor link, bool killed) {
  Host host(HostProcess::adopt(pid), std::move(link));
  host.oom_kills_ = oom_kills();
  host.killed_ = killed;
  return host;
}

void Host::kill() noexcept {
  killed_ = true;
  kill_at = base::TimePoint::max();
  process_.signal(SIGKILL);
}

std::optional<ProcessEnd> Host::end() noexcept {
  auto end = process_.end();
  if (!end) return end;
  const bool by_another =
      end->kind == ProcessEnd::Kind::kKilled && end->value == SIGKILL && !killed_;
  end->out_of_memory = by_another && oom_kills_ && oom_kills() > oom_kills_;
  return end;
}

bool Host::tell(base::HostMessage::Kind kind, std::string_view text) const noexcept {
  if (!link_) return false;
  base::HostMessage message;
  message.kind = kind;
  message.set_text(text);
  return base::send_message(link_.get(), message);
}

base::Received Host::receive(base::HostMessage& message) noexcept {
  if (!link_) return base::Received::kClosed;
  const base::Received received = base::receive_message(link_.get(), message);
  if (received == base::Received::kClosed) link_.reset();
  return received;
}

}  // namespace berth::supervise
