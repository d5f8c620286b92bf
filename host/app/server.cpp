#include "app/server.h"

#include <chrono>
#include <cstdint>
#include <utility>

#include "app/open_listeners.h"
#include "app/options.h"
#include "app/thread_probe.h"
#include "plugin/thread_exits.h"
#include "sched/worker.h"

namespace berth::app {

namespace {

// For the output of the access log to take what is left.
constexpr std::chrono::seconds kAccessLogEnd(1);

sched::PoolOptions with_service(sched::PoolOptions options, serve::Service& service) {
  options.make_scratch = [&service] {
    ThreadProbe::admit_this_thread();
    return service.make_scratch();
  };
  options.on_notice = [&service](sched::Notice notice) { service.on_notice(notice); };
  options.on_visit = [] { plugin::visit_thread(); };
  return options;
}

}  // namespace

Server::Server(const config::Configuration& configuration, serve::Root& root, observe::Log& log,
               const base::Clock& clock, std::size_t loops)
    : log_(log),
      clock_(clock),
      counters_(loops + 1),
      service_(serve_options(configuration), root, clock, log, counters_),
      pool_(with_service(pool_options(configuration, loops), service_)),
      stuck_calls_(pool_, log),
      loops_(pool_, clock),
      health_(service_, [this] { return loops_.stuck(); }) {
  service_.set_threads(pool_, loops_);
}

Server::~Server() = default;

base::Result<std::unique_ptr<Server>, std::vector<config::Diagnostic>> Server::open(
    const config::Configuration& configuration, serve::Root& root, observe::Log& log,
    const base::Clock& clock, net::InheritedSockets& inherited) {
  std::unique_ptr<Server> server(new Server(configuration, root, log, clock, usable_cores()));
  if (configuration.log.access.kind != config::LogTarget::Kind::kOff) {
    auto access = observe::AccessLog::open(access_log_options(configuration.log), log, clock);
    if (!access) {
      return base::fail(std::vector<config::Diagnostic>{
          {.position = configuration.log.access.position.line == 0
                           ? base::SourcePosition{configuration.file, 0, 0}
                           : configuration.log.access.position,
           .what = std::move(access).error().text,
           .suggestion = {},
           .help = {}}});
    }
    server->access_log_ = std::move(access).value();
    server->service_.set_access_log(server->access_log_.get());
  }
  auto opened = open_listeners(configuration, inherited);
  if (!opened) return base::fail(std::move(opened).error());
  for (OpenListener& entry : *opened) {
    const bool health = configuration.listeners[entry.index].health;
    server->infos_.push_back(
        listener_info(configuration, entry.index, health ? &server->health_ : nullptr));
    server->listeners_.push_back(std::move(entry.listener));
  }
  return server;
}

base::Status<> Server::start() {
  if (auto status = stuck_calls_.start(); !status) {
    log_.warn("calls that do not return are told without a stack", {{"why", status.error().text}});
  }
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
    listening_.push_back(std::string(listener.name()) + " " + std::string(listener.text()));
  }
  return base::done();
}

void Server::begin_stop(const StopOptions& options) {
  service_.begin_drain(options.idle_grace, options.time);
  // First of all: who connects from here on finds the next server, or none, but never one that
  // goes.
  for (net::Listener& listener : listeners_) listener.withdraw();
  sources_left_.store(sources_.size(), std::memory_order_relaxed);
  for (const auto& source : sources_) {
    serve::AcceptSource* const target = source.get();
    target->loop().post_task([this, target, takes_queued = options.takes_queued](sched::Worker&) {
      if (takes_queued) target->accept_queued();
      target->stop();
      // acq_rel: whoever is last sees that no loop uses a listener any more.
      if (sources_left_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
      for (net::Listener& listener : listeners_) listener.close();
    });
  }
  loops_.drain(false);  // behind those tasks, in every loop's order
}

bool Server::for_each_use(std::function<void(serve::Used&, const serve::Use&)> look,
                          base::TimePoint deadline) {
  return loops_.run_on_each(
      [look = std::move(look)](sched::Loop& loop) {
        loop.for_each_connection([&look](sched::Connection& connection) {
          if (!connection.is_held()) return;
          auto* const used = dynamic_cast<serve::Used*>(&connection);
          if (used == nullptr) return;
          if (const auto use = used->use()) look(*used, *use);
        });
      },
      deadline);
}

std::uint64_t Server::begin_visit() {
  const std::uint64_t round = pool_.begin_visit();
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_.at(i).post_task([](sched::Worker&) {});
  return round;
}

void Server::count_turns(const std::shared_ptr<std::atomic<std::size_t>>& left) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (loops_.at(i).asleep()) continue;
    left->fetch_add(1, std::memory_order_relaxed);
    loops_.at(i).post_task(
        [left](sched::Worker&) { left->fetch_sub(1, std::memory_order_relaxed); });
  }
}

void Server::cut() { loops_.drain(true); }

bool Server::end(base::TimePoint deadline) {
  const bool ended = pool_.stop(clock_, deadline);
  if (access_log_) (void)access_log_->stop(kAccessLogEnd);
  return ended;
}

}  // namespace berth::app
