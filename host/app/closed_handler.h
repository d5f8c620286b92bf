// Answers 503 in place of a plugin that is left out: for its crashes, or as `on_failure: 503` says.
#pragma once

#include "serve/handler.h"

namespace berth::app {

// Any thread.
class ClosedHandler final : public serve::Handler {
 public:
  ClosedHandler();
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

 private:
  serve::Route route_;
};

}  // namespace berth::app
