#include "app/control_server.h"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <utility>

#include "base/error.h"
#include "base/limits.h"
#include "net/unix_address.h"
#include "sched/worker.h"

namespace berth::app {

namespace {

namespace limits = base::limits;

constexpr const char* kName = "control";
constexpr mode_t kFolderMode = 0750;
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

base::Result<net::Listener, net::ListenError> listen_at(const std::string& path) {
  auto address = net::UnixAddress::parse(path);
  if (!address) {
    return base::fail(net::ListenError{address.error().code, std::move(address).error().text, {}});
  }
  if (address->is_abstract()) {
    return base::fail(net::ListenError{base::ErrorCode::kInvalidArgument,
                                       "everybody could connect to an abstract name",
                                       "write the path of a file: its mode says who may ask"});
  }
  return net::Listener::open(
      net::UnixListenerOptions{.name = kName, .address = std::move(*address)});
}

// Whatever the umask is: the group may reach the socket, others may not.
base::Status<> make_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), kFolderMode) == 0) {
    if (::chmod(folder.c_str(), kFolderMode) == 0) return base::done();
  } else if (errno == EEXIST) {
    return base::done();
  }
  return base::fail(base::system_error(errno, "make the folder " + folder));
}

base::Result<net::Listener, net::ListenError> bind_default(const RuntimeEnvironment& environment) {
  const auto folder = control_folder(environment);
  if (!folder) {
    return base::fail(net::ListenError{base::ErrorCode::kNotFound, "$XDG_RUNTIME_DIR is not set",
                                       "name a path with control:, or switch it off"});
  }
  if (auto made = make_folder(*folder); !made) {
    return base::fail(net::ListenError{made.error().code, made.error().text, {}});
  }
  return listen_at(control_paths(environment).front());
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
    const base::Clock& clock) {
  using Kind = config::ControlSocket::Kind;
  std::unique_ptr<ControlServer> server(new ControlServer(control, log, clock));
  if (options.socket.kind == Kind::kOff) return server;
  const bool told = options.socket.kind == Kind::kPath;
  auto listener = told ? listen_at(options.socket.path) : bind_default(options.environment);
  if (listener) {
    server->path_ = listener->text().substr(std::string("unix:").size());
    server->listener_.emplace(std::move(*listener));
    return server;
  }
  net::ListenError error = std::move(listener).error();
  if (told) {
    return base::fail(config::Diagnostic{.position = options.socket.position,
                                         .what = "no control socket: " + error.text,
                                         .suggestion = {},
                                         .help = std::move(error.help)});
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
