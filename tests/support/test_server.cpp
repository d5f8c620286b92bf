#include "support/test_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

namespace berth::test {

namespace {

base::TimePoint soon() { return base::system_clock().now() + std::chrono::seconds(20); }

}  // namespace

TestServer::TestServer(serve::Handler& handler, const TestServerOptions& options)
    : counters_(4), root_(handler, 1) {
  observe::LogOptions log_options;
  log_options.level = observe::Level::kError;
  auto log = observe::Log::open(log_options, *options.clock);
  EXPECT_TRUE(log.ok());
  log_ = std::move(log).value();
  service_ =
      std::make_unique<serve::Service>(options.serve, root_, *options.clock, *log_, counters_);
  sched::PoolOptions pool;
  pool.loops = options.loops;
  pool.threads = options.threads;
  pool.client_waits = options.client_waits;
  pool.queue = options.queue;
  pool.queue_timeout = options.queue_timeout;
  pool.buffer_bytes = options.buffer_bytes;
  pool.stack_bytes = options.stack_bytes;
  pool.make_scratch = [this] { return service_->make_scratch(); };
  pool.on_notice = [this](sched::Notice notice) { service_->on_notice(notice); };
  pool_ = std::make_unique<sched::Pool>(std::move(pool));
  loops_ = std::make_unique<sched::Loops>(*pool_, *options.clock);
  service_->set_threads(*pool_, *loops_);
  EXPECT_TRUE(loops_->open().ok());
  info_.values = options.values;
  info_.proxy_protocol = options.proxy_protocol;
  info_.trusted_proxies = options.trusted_proxies;
  net::ListenerOptions listen;
  listen.name = info_.name;
  listen.address = net::ListenAddress::parse("127.0.0.1:0").value();
  listen.send_buffer = options.send_buffer;
  listen.receive_buffer = options.receive_buffer;
  auto listener = options.address ? net::Listener::open(net::UnixListenerOptions{
                                        .name = info_.name, .address = *options.address})
                                  : net::Listener::open(listen);
  EXPECT_TRUE(listener.ok());
  listener_.emplace(std::move(listener).value());
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    sources_.push_back(
        std::make_unique<serve::AcceptSource>(*service_, loops_->at(i), info_, listener_->fd()));
    EXPECT_TRUE(sources_.back()->start().ok());
  }
  EXPECT_TRUE(loops_->start().ok());
}

TestServer::~TestServer() {
  drain();
  drain_hard();
  EXPECT_TRUE(wait_drained());
  EXPECT_TRUE(pool_->stop(base::system_clock(), soon()));
  EXPECT_EQ(loops_->connections(), 0U);
  loops_.reset();
  EXPECT_EQ(count(observe::Counter::kConnectionsAccepted),
            count(observe::Counter::kConnectionsClosed));
  EXPECT_EQ(service_->buffered(), 0U);
}

void TestServer::on_loop(std::size_t index, const std::function<void(sched::Worker&)>& task) {
  auto done = std::make_shared<std::promise<void>>();
  loops_->at(index).post_task([done, &task](sched::Worker& worker) {
    task(worker);
    done->set_value();
  });
  if (done->get_future().wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(20)) !=
      std::future_status::ready) {
    ADD_FAILURE() << "a loop does not turn";
    std::abort();  // the task would outlive what it refers to
  }
}

void TestServer::settle() {
  // Twice: the first turn may hand connections to other loops or queue what is left for the next
  // one.
  for (int turn = 0; turn < 3; ++turn) {
    for (std::size_t i = 0; i < loops_->size(); ++i) {
      on_loop(i, [](sched::Worker&) {});
    }
  }
}

void TestServer::pass(FakeClock& clock, base::Duration time) {
  settle();
  clock.advance(time);
  settle();
}

std::vector<Reply> TestServer::replies_to(std::string_view bytes) {
  RawClient client = connect();
  EXPECT_TRUE(client.send(bytes));
  return client.read_all();
}

void TestServer::nudge() {
  for (std::size_t i = 0; i < loops_->size(); ++i) loops_->at(i).post_task([](sched::Worker&) {});
}

void TestServer::wait_until(const std::function<bool()>& condition) {
  const base::TimePoint deadline = soon();
  while (!condition()) {
    if (base::system_clock().now() > deadline) {
      ADD_FAILURE() << "what was waited for did not happen";
      return;
    }
    std::this_thread::yield();
  }
}

void TestServer::drain(base::Duration idle_grace, base::Duration time) {
  if (std::exchange(drained_, true)) return;
  service_->begin_drain(idle_grace, time);
  for (std::size_t i = 0; i < loops_->size(); ++i) {
    loops_->at(i).post_task([source = sources_[i].get()](sched::Worker&) {
      source->accept_queued();
      source->stop();
    });
  }
  loops_->drain(false);
}

bool TestServer::wait_drained() { return loops_->wait_drained(soon()); }

}  // namespace berth::test
