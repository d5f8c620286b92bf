// What generations with the plugin `departing` need, without a server that runs. Not a fixture of
// its own: tests derive from it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "app/generation.h"
#include "app/generation_draft.h"
#include "app/plugin_log.h"
#include "app/server.h"
#include "config/load.h"
#include "net/inherited_sockets.h"
#include "observe/log.h"
#include "plugin/image.h"
#include "plugin/private_folder.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

namespace berth::app {

class Generations : public testing::Test {
 protected:
  Generations() {
    auto private_folder = plugin::PrivateFolder::create(path("state"));
    EXPECT_TRUE(private_folder.ok());
    private_folder_ = std::move(*private_folder);
    observe::LogOptions options;
    options.writer.output = path("log");
    auto log = observe::Log::open(options, clock_);
    EXPECT_TRUE(log.ok());
    log_ = std::move(*log);
    context_.emplace(plugin::LoadContext{.folder = *private_folder_});
    sink_.emplace(*log_);
    std::filesystem::copy_file(BERTH_TEST_DEPARTING, path("departing.so"));
    std::filesystem::permissions(path("departing.so"), std::filesystem::perms{0644});
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void write(const std::string& name) const { std::ofstream(path(name)) << "x"; }
  void remove(const std::string& name) const { std::filesystem::remove(path(name)); }
  // Until another thread has made it.
  void wait_for(const std::string& name) const {
    while (!std::filesystem::exists(path(name))) std::this_thread::yield();
  }

  // config: of the plugin, in braces. routes: lines of `routes:`.
  [[nodiscard]] config::Configuration configuration(const std::string& config,
                                                    const std::string& routes) const {
    auto loaded = config::load_text(
        "berth.yaml",
        "listen:\n  - { name: public, address: \"127.0.0.1:0\" }\nplugins:\n  app: { file: \"" +
            path("departing.so") + "\", config: " + config + " }\nroutes:\n" + routes);
    EXPECT_TRUE(loaded.configuration.has_value()) << loaded.diagnostics.render();
    return std::move(*loaded.configuration);
  }
  [[nodiscard]] std::unique_ptr<Generation> build(config::Configuration configuration,
                                                  const Generation* running = nullptr) const {
    config::Diagnostics diagnostics("berth.yaml", "");
    BuildOptions options{.context = *context_, .sink = *sink_, .clock = clock_};
    options.number = running == nullptr ? 1 : running->number() + 1;
    options.running = running;
    GenerationDraft draft(std::move(configuration), options, diagnostics);
    auto generation = draft.load(diagnostics);
    EXPECT_NE(generation, nullptr) << diagnostics.render();
    return generation;
  }
  // One that is not started.
  [[nodiscard]] std::unique_ptr<Server> server_of(Generation& generation) const {
    net::InheritedSockets none;
    auto server = Server::open(generation.configuration(), generation.root(), *log_, clock_, none);
    EXPECT_TRUE(server.ok());
    return std::move(*server);
  }
  // What was logged until now.
  [[nodiscard]] std::string logged() const {
    EXPECT_TRUE(log_->flush(std::chrono::seconds(10)));
    std::ifstream in(path("log"));
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  static constexpr const char* kRoute = "  - { pattern: \"GET /\", handler: app.here }\n";

  test::TemporaryFolder folder_;
  mutable test::FakeClock clock_;
  std::unique_ptr<plugin::PrivateFolder> private_folder_;
  std::unique_ptr<observe::Log> log_;
  std::optional<plugin::LoadContext> context_;
  mutable std::optional<PluginLog> sink_;
};

}  // namespace berth::app
