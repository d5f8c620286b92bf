// Refuses the requests that have crashed a route before, and passes all others on. Only routes that
// have such requests have one.
#pragma once

#include <cstdint>
#include <set>

#include "serve/handler.h"

namespace berth::app {

// Any thread. `next` outlives it.
class PoisonHandler final : public serve::Handler {
 public:
  // Fingerprints as of fingerprint_of().
  PoisonHandler(std::set<std::uint64_t> poison, serve::Handler& next);
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

 private:
  const std::set<std::uint64_t> poison_;
  serve::Handler& next_;
};

}  // namespace berth::app
