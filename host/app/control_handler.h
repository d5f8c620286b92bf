// Answers what is asked over the control socket: the API of docs/control-api.md as a serve::Handler
// over a Control. It knows no socket.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

#include "app/control.h"
#include "app/control_question.h"
#include "base/limits.h"
#include "observe/log.h"
#include "serve/handler.h"

namespace berth::app {

// Any thread, many at once. The control and the log outlive it. Who asks is not judged here: the
// mode of the socket's file did. Everything that changes something is logged with its peer.
class ControlHandler final : public serve::Handler {
 public:
  // Of those that wait for a reload at a time; more get a 503 with Retry-After, so that there is
  // always a connection left to ask for the status.
  static constexpr std::size_t kMostWaiting = base::limits::kControlConnections - 8;

  ControlHandler(Control& control, observe::Log& log);

  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

 private:
  void answer(serve::ResponseWriter& response, const ControlQuestion& question,
              const ControlRequest& asked, std::string_view peer);
  void answer_reload(serve::ResponseWriter& response, const ControlRequest& asked,
                     std::string_view peer);
  void answer_rollback(serve::ResponseWriter& response, const ControlRequest& asked,
                       std::string_view peer);
  void answer_release(serve::ResponseWriter& response, const std::string& alias,
                      std::string_view peer);
  void answer_upgrade(serve::ResponseWriter& response, std::string_view peer);
  void answer_pin(serve::ResponseWriter& response, const std::string& alias, bool pin,
                  std::string_view peer);

  Control& control_;
  observe::Log& log_;
  serve::Route quick_;
  serve::Route waiting_;
  serve::Route refused_;
  std::atomic<std::size_t> waiting_count_{0};  // relaxed: a bound, nothing is ordered by it
};

}  // namespace berth::app
