#include "app/control_handler.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "app/control_json.h"
#include "serve/response_writer.h"

namespace berth::app {

namespace {

using Kind = ControlQuestion::Kind;

void answer_json(serve::ResponseWriter& response, int status, const std::string& json) {
  const std::string body = json + "\n";
  const bool sent = response.set_field("Content-Type", "application/json").ok() &&
                    response.set_field("Cache-Control", "no-store").ok() &&
                    response.set_field("X-Content-Type-Options", "nosniff").ok() &&
                    response.set_field("Content-Length", std::to_string(body.size())).ok() &&
                    response.set_status(status).ok() && response.write(body).ok();
  if (!sent) response.fail();
}

void answer_error(serve::ResponseWriter& response, int status, std::string_view text) {
  answer_json(response, status, error_json(text));
}

void answer_report(serve::ResponseWriter& response, const ReloadReport& report) {
  answer_json(response, report.done ? 200 : 409, to_json(report));
}

// The route has held it to limits::kControlBody.
base::Result<std::string, serve::IoError> body_of(serve::Request& request) {
  std::string body;
  std::array<char, 4 * base::limits::kKiB> piece;
  for (;;) {
    const auto got = request.read(piece);
    if (!got) return base::fail(got.error());
    if (*got == 0) return body;
    body.append(piece.data(), *got);
  }
}

// "unix:uid=1000,gid=1000,pid=4242" as ReloadRequest::asked_by.
std::string asked_by(std::string_view peer) {
  std::string text("control socket, ");
  text += peer.substr(std::min(peer.size(), std::string_view("unix:").size()));
  for (char& c : text) {
    if (c == '=') c = ' ';
  }
  std::replace(
      text.begin() + static_cast<std::ptrdiff_t>(std::string_view("control socket,").size()),
      text.end(), ',', ' ');
  return text;
}

serve::Route route_to(serve::Handler& handler, std::string pattern) {
  serve::Route route;
  route.handler = &handler;
  route.pattern = std::move(pattern);
  route.max_body = base::limits::kControlBody;
  route.timeout = base::Duration::zero();  // the client knows how long it waits
  return route;
}

// Counts one that waits, as long as it lives; full: there are too many.
class WaitingOne {
 public:
  explicit WaitingOne(std::atomic<std::size_t>& count) noexcept
      : count_(count), before_(count.fetch_add(1, std::memory_order_relaxed)) {}
  WaitingOne(const WaitingOne&) = delete;
  WaitingOne& operator=(const WaitingOne&) = delete;
  ~WaitingOne() { count_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool full() const noexcept { return before_ >= ControlHandler::kMostWaiting; }

 private:
  std::atomic<std::size_t>& count_;
  const std::size_t before_;
};

}  // namespace

ControlHandler::ControlHandler(Control& control, observe::Log& log)
    : control_(control),
      log_(log),
      quick_(route_to(*this, "control")),
      waiting_(route_to(*this, "control, waiting")),
      refused_(route_to(*this, "control, refused")) {
  refused_.ignores_body = true;
  quick_.learning.turn_off();
  refused_.learning.turn_off();
  // That these block need not be learnt: each gets a thread from the first on.
  while (!waiting_.learning.offloaded())
    (void)waiting_.learning.record(base::limits::kBlockingMost);
}

const serve::Route& ControlHandler::route(serve::Request& request) {
  const ControlQuestion question = recognise(request);
  if (question.kind == Kind::kRefused) return refused_;
  return question.waits() ? waiting_ : quick_;
}

void ControlHandler::serve(serve::ResponseWriter& response, serve::Request& request) {
  const ControlQuestion question = recognise(request);
  if (question.kind == Kind::kRefused) {
    if (!question.allow.empty()) (void)response.set_field("Allow", question.allow);
    return answer_error(response, question.status, question.why);
  }
  auto body = body_of(request);
  if (!body) return response.fail();  // too large, cut or malformed: the engine says which
  const auto asked = read_control_request(*body, question.members);
  if (!asked) return answer_error(response, 400, asked.error().text);
  answer(response, question, *asked, request.connected().peer_address());
}

void ControlHandler::answer(serve::ResponseWriter& response, const ControlQuestion& question,
                            const ControlRequest& asked, std::string_view peer) {
  if (question.waits()) {
    const WaitingOne waiting(waiting_count_);
    if (waiting.full()) {
      (void)response.set_field("Retry-After", std::to_string(base::limits::kRetryAfter.count()));
      return answer_error(response, 503, "too many wait for an answer already; ask again");
    }
    if (question.kind == Kind::kReload) return answer_reload(response, asked, peer);
    if (question.kind == Kind::kRollback) return answer_rollback(response, asked, peer);
    if (question.kind == Kind::kRelease) {
      return answer_release(response, std::string(question.alias), peer);
    }
    if (question.kind == Kind::kUpgrade) return answer_upgrade(response, peer);
    const auto holds = control_.why(question.generation);
    if (!holds) return answer_error(response, 404, holds.error().text);
    return answer_json(response, 200, to_json(question.generation, *holds));
  }
  switch (question.kind) {
    case Kind::kStatus:
      return answer_json(response, 200, to_json(control_.status()));
    case Kind::kGenerations:
      return answer_json(response, 200, to_json(control_.generations()));
    case Kind::kPin:
    case Kind::kUnpin:
      return answer_pin(response, std::string(question.alias), question.kind == Kind::kPin, peer);
    case Kind::kStop:
      log_.info("a stop is asked for", {{"peer", peer}});
      control_.stop(asked_by(peer));
      return answer_json(response, 200, stop_json());
    case Kind::kRefused:
    case Kind::kReload:
    case Kind::kRollback:
    case Kind::kHolds:
    case Kind::kRelease:
    case Kind::kUpgrade:
      break;
  }
  response.fail();
}

void ControlHandler::answer_reload(serve::ResponseWriter& response, const ControlRequest& asked,
                                   std::string_view peer) {
  log_.info("a reload is asked for", {{"peer", peer}, {"dry_run", asked.dry_run}});
  answer_report(response, control_.reload({.dry_run = asked.dry_run, .asked_by = asked_by(peer)}));
}

void ControlHandler::answer_rollback(serve::ResponseWriter& response, const ControlRequest& asked,
                                     std::string_view peer) {
  log_.info("a rollback is asked for",
            {{"peer", peer}, {"dry_run", asked.dry_run}, {"to", asked.to.value_or(0)}});
  if (asked.to) {
    const auto kept = control_.generations();
    const bool known = std::any_of(kept.begin(), kept.end(), [&asked](const GenerationInfo& info) {
      return info.number == *asked.to;
    });
    if (!known) {
      return answer_error(response, 404,
                          "there is no generation " + std::to_string(*asked.to) +
                              "; berth generations lists those that are kept");
    }
  }
  answer_report(response, control_.roll_back(
                              asked.to, {.dry_run = asked.dry_run, .asked_by = asked_by(peer)}));
}

void ControlHandler::answer_release(serve::ResponseWriter& response, const std::string& alias,
                                    std::string_view peer) {
  log_.info("a plugin is to be released from quarantine", {{"peer", peer}, {"plugin", alias}});
  const auto report = control_.release(alias, {.asked_by = asked_by(peer)});
  if (report) return answer_report(response, *report);
  const bool unknown = report.error().code == base::ErrorCode::kNotFound;
  answer_error(response, unknown ? 404 : 500, report.error().text);
}

void ControlHandler::answer_upgrade(serve::ResponseWriter& response, std::string_view peer) {
  log_.info("an upgrade is asked for", {{"peer", peer}});
  const auto host = control_.upgrade();
  if (host) return answer_json(response, 200, upgrade_json(*host));
  answer_error(response, 409, host.error().text);
}

void ControlHandler::answer_pin(serve::ResponseWriter& response, const std::string& alias, bool pin,
                                std::string_view peer) {
  log_.info(pin ? "a plugin is to be pinned" : "a plugin is to be unpinned",
            {{"peer", peer}, {"plugin", alias}});
  const auto status = pin ? control_.pin(alias) : control_.unpin(alias);
  if (status) return answer_json(response, 200, pin_json(alias, pin));
  const bool unknown = status.error().code == base::ErrorCode::kNotFound;
  answer_error(response, unknown ? 404 : 500, status.error().text);
}

}  // namespace berth::app
