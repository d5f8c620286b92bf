// A control socket in a folder of a test, over a FakeControl.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "app/control_server.h"
#include "support/fake_control.h"
#include "support/raw_client.h"

namespace berth::test {

struct ControlFixture : ::testing::Test {
  ControlFixture() {
    std::string pattern = ::testing::TempDir() + "berth-control-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    observe::LogOptions log_options;
    log_options.writer.output = folder + "/log";
    log = std::move(observe::Log::open(log_options, base::system_clock())).value();
    options.socket.kind = config::ControlSocket::Kind::kPath;
    options.socket.path = folder + "/control.sock";
  }
  ~ControlFixture() override {
    control.open();
    if (server) {
      EXPECT_TRUE(server->stop());
    }
    server.reset();
    EXPECT_FALSE(std::filesystem::exists(folder + "/control.sock"));
    std::filesystem::remove_all(folder);
  }

  void start() {
    auto opened = app::ControlServer::open(options, control, *log, base::system_clock());
    ASSERT_TRUE(opened.ok()) << opened.error().what;
    server = std::move(opened).value();
    ASSERT_TRUE(server->start().ok());
  }
  [[nodiscard]] RawClient connect() const {
    return RawClient(net::UnixAddress::parse(server->path()).value());
  }
  // The reply to these bytes on a connection of their own.
  [[nodiscard]] Reply send(const std::string& bytes) const {
    RawClient client = connect();
    client.send(bytes);
    return client.read_reply();
  }
  [[nodiscard]] Reply ask(const std::string& method, const std::string& target,
                          const std::string& body = {}) const {
    const std::string fields = body.empty() ? ""
                                            : "Content-Type: application/json\r\nContent-Length: " +
                                                  std::to_string(body.size()) + "\r\n";
    return send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n" +
                body);
  }
  // This process, as the server sees its client.
  [[nodiscard]] static std::string peer() {
    return "unix:uid=" + std::to_string(::geteuid()) + ",gid=" + std::to_string(::getegid()) +
           ",pid=" + std::to_string(::getpid());
  }
  [[nodiscard]] static std::string asked_by() {
    return "control socket, uid " + std::to_string(::geteuid()) + " gid " +
           std::to_string(::getegid()) + " pid " + std::to_string(::getpid());
  }
  [[nodiscard]] std::string log_text() const {
    EXPECT_TRUE(log->flush(std::chrono::seconds(20)));
    std::ifstream file(folder + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder;
  FakeControl control;
  std::unique_ptr<observe::Log> log;
  app::ControlServerOptions options;
  std::unique_ptr<app::ControlServer> server;
};

}  // namespace berth::test
