// The handler of a route with middleware around it, as a serve::Handler. Routes without any have a
// PluginHandler alone.
#pragma once

#include <memory>
#include <vector>

#include "plugin/plugin_handler.h"
#include "plugin/plugin_middleware.h"
#include "serve/handler.h"

namespace berth::plugin {

// serve() on many threads at once; nothing leaves it but by ResponseWriter::fail() and the log.
class PluginChain final : public serve::Handler {
 public:
  using Middleware = std::vector<std::shared_ptr<PluginMiddleware>>;

  // middleware: outermost first.
  PluginChain(Middleware middleware, std::shared_ptr<PluginHandler> handler);
  PluginChain(const PluginChain&) = delete;
  PluginChain& operator=(const PluginChain&) = delete;
  ~PluginChain() override = default;

  // For a server with this one chain, as PluginHandler's.
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

  [[nodiscard]] const Middleware& middleware() const noexcept { return middleware_; }
  [[nodiscard]] const PluginHandler& handler() const noexcept { return *handler_; }

 private:
  Middleware middleware_;
  std::shared_ptr<PluginHandler> handler_;
  serve::Route route_;
};

}  // namespace berth::plugin
