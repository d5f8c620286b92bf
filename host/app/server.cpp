#include "app/server.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "app/options.h"
#include "sched/worker.h"

namespace berth::app {

namespace {

// For the output of the access log to take what is left.
constexpr std::chrono::seconds kAccessLogEnd(1);

sched::PoolOptions with_scratch(sched::PoolOptions options, const serve::Service& service) {
  options.make_scratch = [&service] { return service.make_scratch(); };
  return options;
}

}  // namespace

Server::Server(const config::Configuration& configuration, serve::Handler& root, observe::Log& log,
               const base::Clock& clock, std::size_t loops)
    : log_(log),
      clock_(clock),
      counters_(loops + 1),
      service_(serve_options(configuration), root, clock, log, counters_),
      pool_(with_scratch(pool_options(configuration, loops), service_)),
      loops_(pool_, clock) {}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::open(const config::Configuration& configuration,
                                                   serve::Handler& root, observe::Log& log,
                                                   const base::Clock& clock) {
  std::unique_ptr<Server> server(new Server(configuration, root, log, clock, usable_cores()));
  if (configuration.log.access.kind != config::LogTarget::Kind::kOff) {
    auto access = observe::AccessLog::open(access_log_options(configuration.log), log, clock);
    if (!access) return base::fail(std::move(access).error());
    server->access_log_ = std::move(access).value();
    server->service_.set_access_log(server->access_log_.get());
  }
  std::string errors;
  base::ErrorCode code = base::ErrorCode::kSystem;
  for (const config::Listener& entry : configuration.listeners) {
    auto options = listener_options(entry);
    auto listener = options ? net::Listener::open(*options)
                            : base::Result<net::Listener>(base::fail(options.error()));
    if (!listener) {
      if (!errors.empty()) errors += '\n';
      errors += entry.address_position.text() + ": error: " + listener.error().text;
      code = listener.error().code;
      continue;
    }
    const auto index = static_cast<std::uint32_t>(server->infos_.size());
    server->infos_.push_back({.name = entry.name, .index = index, .secure = false});
    server->listeners_.push_back(std::move(listener).value());
  }
  if (!errors.empty()) return base::fail(code, std::move(errors));
  return server;
}

base::Status<> Server::start() {
  if (auto status = loops_.open(); !status) return status;
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    for (std::size_t loop = 0; loop < loops_.size(); ++loop) {
      sources_.push_back(std::make_unique<serve::AcceptSource>(service_, loops_.at(loop), infos_[i],
                                                               listeners_[i].fd()));
      if (auto status = sources_.back()->start(); !status) return status;
    }
  }
  if (auto status = loops_.start(); !status) return status;
  for (const net::Listener& listener : listeners_) {
    log_.info("listening", {{"listener", listener.name()}, {"address", listener.text()}});
  }
  return base::done();
}

void Server::stop_accepting(base::TimePoint deadline) {
  struct Stopped {
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t left;
  };
  // Shared: a loop may come to its task after the deadline.
  auto stopped = std::make_shared<Stopped>();
  stopped->left = sources_.size();
  for (const auto& source : sources_) {
    serve::AcceptSource* const target = source.get();
    target->loop().post_task([target, stopped](sched::Worker& worker) {
      target->accept_queued(worker);
      target->stop();
      const std::lock_guard lock(stopped->mutex);
      --stopped->left;
      stopped->changed.notify_all();
    });
  }
  std::unique_lock lock(stopped->mutex);
  (void)stopped->changed.wait_until(lock, deadline, [&] { return stopped->left == 0; });
  for (net::Listener& listener : listeners_) listener.close();
}

void Server::drain() {
  service_.begin_drain();
  loops_.drain(false);
}

void Server::cut() { loops_.drain(true); }

bool Server::end(base::TimePoint deadline) {
  const bool ended = pool_.stop(clock_, deadline);
  if (access_log_) (void)access_log_->stop(kAccessLogEnd);
  return ended;
}

}  // namespace berth::app
