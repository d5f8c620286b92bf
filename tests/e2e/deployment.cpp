#include "e2e/deployment.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

namespace berth::e2e {

std::string release_configuration(std::string_view plugin, std::string_view more) {
  return std::string(kListen)
      .append("plugins:\n  app: { file: ./app.so")
      .append(plugin)
      .append(" }\n")
      .append(kReleaseRoutes)
      .append(more);
}

Deployment::Deployment(std::string_view configuration) {
  configure(configuration.empty() ? release_configuration() : configuration);
  deploy(1);
  start();
}

Deployment::~Deployment() {
  if (child_ && child_->running()) stop();
}

void Deployment::deploy(int release) const {
  const std::string built = BERTH_RELEASES "/release_" + std::to_string(release) + ".so";
  std::filesystem::copy_file(built, folder_.path() + "/aside.so");
  std::filesystem::rename(folder_.path() + "/aside.so", folder_.path() + "/app.so");
}

void Deployment::deploy_bytes(std::string_view bytes) const {
  std::filesystem::rename(folder_.write("aside.so", bytes), folder_.path() + "/app.so");
}

void Deployment::configure(std::string_view configuration) const {
  std::filesystem::rename(folder_.write("aside.yaml", configuration),
                          folder_.path() + "/berth.yaml");
}

Outcome Deployment::berth(std::vector<std::string> arguments) const {
  return e2e::berth(folder_, std::move(arguments));
}

void Deployment::stop() {
  child_->signal(SIGTERM);
  EXPECT_EQ(child_->wait(), 0) << child_->err();
  (void)expect_printable_lines(child_->out());
}

void Deployment::start(const std::vector<std::string>& more) {
  std::vector<std::string> command{BERTH_PROGRAM, "run", "--allow-root"};
  command.insert(command.end(), more.begin(), more.end());
  child_ = std::make_unique<Child>(command, folder_.child_options());
  if (child_->wait_for(" serving ")) port_ = port_in(child_->err());
}

std::string Deployment::get(const std::string& target) const {
  test::RawClient client = connect();
  client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  test::Reply reply = client.read_reply();
  return reply.status == 200 ? reply.body : std::to_string(reply.status);
}

}  // namespace berth::e2e
