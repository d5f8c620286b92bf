#include "app/control_server.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "app/control_socket.h"
#include "base/limits.h"
#include "sched/worker.h"

namespace berth::app {

namespace {

namespace limits = base::limits;

constexpr const char* kName = "control";
// Between two questions of one connection: others want to ask as well.
constexpr std::chrono::seconds kIdle(10);
// For whoever is being answered to take it, and for the threads to end.
constexpr std::chrono::seconds kEnd(5);
// A question may make its thread read a configuration (config::load needs 1 MiB).
constexpr std::size_t kStackBytes = 2 * limits::kMiB;

serve::Options serve_options() {
  serve::Options options;
  options.connections = limits::kControlConnections;
  options.idle_timeout = kIdle;
  return options;
}

// The Service's notices are not wanted: they speak of the public's threads.
sched::PoolOptions pool_options(serve::Service& service) {
  sched::PoolOptions options;
  options.loops = 1;
  // One for each connection, and the one that keeps the loop.
  options.threads = limits::kControlConnections + 1;
  options.client_waits = limits::kControlConnections / 4;
  options.queue = limits::kControlConnections;
  options.stack_bytes = kStackBytes;
  options.make_scratch = [&service] { return service.make_scratch(); };
  return options;
}

}  // namespace

ControlServer::ControlServer(Control& control, observe::Log& log, const base::Clock& clock)
    : log_(log),
      clock_(clock),
      handler_(control, log),
      root_(handler_, 0),
      counters_(2),
      service_(serve_options(), root_, clock, log, counters_),
      pool_(pool_options(service_)),
      loops_(pool_, clock),
      info_{.name = kName} {
  service_.set_threads(pool_, loops_);
}

ControlServer::~ControlServer() = default;

base::Result<std::unique_ptr<ControlServer>, config::Diagnostic> ControlServer::open(
    const ControlServerOptions& options, Control& control, observe::Log& log,
    const base::Clock& clock, base::Descriptor inherited) {
  using Kind = config::ControlSocket::Kind;
  std::unique_ptr<ControlServer> server(new ControlServer(control, log, clock));
  if (options.socket.kind == Kind::kOff) return server;
  base::Result<net::Listener, net::ListenError> listener =
      inherited ? net::Listener::adopt(kName, inherited.release())
                : open_control_socket(options.socket, options.environment);
  if (listener) {
    server->path_ = listener->text().substr(std::string("unix:").size());
    server->listener_.emplace(std::move(*listener));
    return server;
  }
  net::ListenError error = std::move(listener).error();
  if (options.socket.kind == Kind::kPath) {
    return base::fail(no_control_socket(options.socket, std::move(error)));
  }
  log.warn("there is no control socket: berth reload, status and stop will not reach this server",
           {{"error", error.text}, {"help", error.help}});
  return server;
}

base::Status<> ControlServer::start() {
  if (!listener_) return base::done();
  if (auto status = loops_.open(); !status) return status;
  source_ = std::make_unique<serve::AcceptSource>(service_, loops_.at(0), info_, listener_->fd());
  if (auto status = source_->start(); !status) return status;
  if (auto status = loops_.start(); !status) return status;
  started_ = true;
  log_.info("the control socket answers", {{"path", path_}});
  return base::done();
}

bool ControlServer::stop() noexcept {
  if (!started_) {
    listener_.reset();
    return true;
  }
  try {
    started_ = !end();
  } catch (...) {
    // No memory for a task: the threads run on.
  }
  return !started_;
}

bool ControlServer::end() {
  listener_->withdraw();
  service_.begin_drain();
  loops_.at(0).post_task([this](sched::Worker&) {
    source_->accept_queued();
    source_->stop();
    listener_->close();
  });
  loops_.drain(false);  // behind that task
  if (!loops_.wait_drained(clock_.now() + kEnd)) loops_.drain(true);
  return pool_.stop(clock_, clock_.now() + kEnd);
}

}  // namespace berth::app
