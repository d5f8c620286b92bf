// A host whose plugin `app` is deployed, replaced and reloaded as an operator does it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/host.h"

namespace berth::e2e {

// One route for each kind of plugins/release.cpp.
inline constexpr std::string_view kReleaseRoutes = R"(
routes:
  - { pattern: "GET /which", handler: app.which }
  - { pattern: "POST /body", handler: app.body, timeout: none }
  - { pattern: "GET /wanted", handler: app.wanted, timeout: none }
  - { pattern: "GET /lines", handler: app.lines, timeout: none }
)";
// A configuration with that plugin; `plugin` are further keys of it, `more` further sections.
[[nodiscard]] std::string release_configuration(std::string_view plugin = {},
                                                std::string_view more = {});

class Deployment {
 public:
  // Serves release 1.
  explicit Deployment(std::string_view configuration = {});
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;
  // Ends the host in order.
  ~Deployment();

  [[nodiscard]] const Folder& folder() const noexcept { return folder_; }
  [[nodiscard]] Child& child() noexcept { return *child_; }
  // Puts release 1, 2 or 3 in place of the plugin's file, by a rename.
  void deploy(int release) const;
  // Puts other bytes in its place, likewise.
  void deploy_bytes(std::string_view bytes) const;
  void configure(std::string_view configuration) const;
  // A verb of berth, which finds the host by the configuration.
  [[nodiscard]] Outcome berth(std::vector<std::string> arguments) const;

  // SIGTERM, then waits for the end.
  void stop();
  // Starts a host again; `more`: further arguments of `berth run`.
  void start(const std::vector<std::string>& more = {});

  [[nodiscard]] test::RawClient connect() const { return test::RawClient(port_); }
  // The body of GET target over a connection of its own, or the status if it is not 200.
  [[nodiscard]] std::string get(const std::string& target) const;

 private:
  Folder folder_;
  std::unique_ptr<Child> child_;
  std::uint16_t port_ = 0;
};

}  // namespace berth::e2e
