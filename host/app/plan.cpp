#include "app/plan.h"

#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "app/control_socket.h"
#include "app/open_listeners.h"
#include "app/process.h"
#include "base/descriptor.h"
#include "base/host_link.h"
#include "base/identity.h"
#include "net/socket_plan.h"

namespace berth::app {

namespace {

int refuse_with(const config::Diagnostics& all, std::vector<config::Diagnostic> findings) {
  std::cerr << all.render(colour_of_stderr())
            << all.with_only(std::move(findings)).render(colour_of_stderr());
  return 1;
}

// The one of the plan before, where it still is where the configuration wants it.
std::optional<net::Listener> kept_control(const config::ControlSocket& socket,
                                          const RuntimeEnvironment& runtime,
                                          net::InheritedSockets& inherited) {
  auto kept = inherited.take(kPlannedControl);
  const auto places = control_paths(runtime);
  const bool named = socket.kind == config::ControlSocket::Kind::kPath;
  if (kept.empty() || (!named && places.empty())) return std::nullopt;
  auto listener = net::Listener::adopt(kPlannedControl, kept.front().release());
  if (!listener || listener->text() != "unix:" + (named ? socket.path : places.front())) {
    return std::nullopt;
  }
  return std::move(*listener);
}

base::Status<> hand_over(int channel, const config::Configuration& configuration,
                         std::vector<OpenListener>& listeners, std::optional<net::Listener> control,
                         Start& start) {
  for (OpenListener& open : listeners) {
    const std::string name = planned_name(configuration.listeners[open.index]);
    const net::UnixPath path = open.listener.release_path();
    if (auto sent = net::send_socket(channel, name, open.listener.fd(), path); !sent) return sent;
  }
  if (control) {
    const net::UnixPath path = control->release_path();
    if (auto sent = net::send_socket(channel, kPlannedControl, control->fd(), path); !sent) {
      return sent;
    }
  }
  for (const std::string& name : start.inherited.names()) {
    if (is_planned_listener(name)) continue;  // of the plan before, and wanted no more
    for (const base::Descriptor& socket : start.inherited.take(name)) {
      if (auto sent = net::send_socket(channel, planned_name(without_plan(name)), socket.get(),
                                       net::UnixPath());
          !sent) {
        return sent;
      }
    }
  }
  net::SocketPlan settings;
  settings.stop = configuration.timeouts.drain_delay + configuration.timeouts.shutdown;
  settings.json_log = configuration.log.format == config::LogFormat::kJson;
  settings.standby = configuration.standby;
  if (start.user) settings.user = start.user->text();
  settings.link = base::kLinkVersion;
  settings.handover = base::kHandoverVersion;
  return net::send_end(channel, settings);
}

}  // namespace

int run_plan(const RunOptions& options) {
  const base::Descriptor channel = take_descriptor("BERTH_PLAN");
  if (!channel) return refuse("berth plan is what berth run starts");
  auto start = begin_start(options, true);
  if (!start) return 1;
  config::Diagnostics& diagnostics = start->source.loaded.diagnostics;
  const config::Configuration& configuration = *start->source.loaded.configuration;
  auto listeners = open_listeners(configuration, start->inherited, start->user);
  if (!listeners) return refuse_with(diagnostics, std::move(listeners).error());
  // What is left is that user's; ports are not.
  if (auto given_up = start->user ? base::become(*start->user) : base::done(); !given_up) {
    return refuse(given_up.error().text);
  }
  std::optional<net::Listener> control;
  if (configuration.control.kind != config::ControlSocket::Kind::kOff) {
    control = kept_control(configuration.control, start->runtime, start->inherited);
  }
  if (configuration.control.kind != config::ControlSocket::Kind::kOff && !control) {
    auto opened = open_control_socket(configuration.control, start->runtime);
    if (opened) {
      control = std::move(*opened);
    } else if (configuration.control.kind == config::ControlSocket::Kind::kPath) {
      return refuse_with(diagnostics,
                         {no_control_socket(configuration.control, std::move(opened).error())});
    }
    // Of a default one the host warns: it tries, too.
  }
  (void)start->inherited.take(kPlannedControl);  // one that is wanted no more
  auto sent = hand_over(channel.get(), configuration, *listeners, std::move(control), *start);
  if (!sent) return refuse(sent.error().text);
  return 0;
}

}  // namespace berth::app
