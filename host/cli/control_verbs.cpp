#include "cli/control_verbs.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <thread>
#include <utility>

#include "app/control_json.h"
#include "app/process.h"
#include "base/descriptor.h"
#include "cli/report_text.h"
#include "config/printable.h"
#include "config/schema.h"
#include "net/wait.h"

namespace berth::cli {

namespace {

constexpr int kOk = 200;
constexpr int kConflict = 409;
// Between two looks for a server whose process cannot be watched.
constexpr std::chrono::milliseconds kLookAgain(50);

int fail(const ControlFailure& failure) {
  std::cerr << failure.text;
  return failure.code;
}

int fail(const std::string& text) {
  std::cerr << "berth: error: " << config::printable(text) << '\n';
  return kRefused;
}

// An answer other than the one hoped for.
int fail(const ControlAnswer& answer) {
  if (answer.json) {
    if (const auto error = app::read_error(answer.body); error && !error->empty()) {
      return fail(*error);
    }
  }
  return fail("the server answers " + config::quote(answer.body));
}

base::TimePoint deadline_of(const ControlOptions& options) {
  return base::system_clock().now() + options.timeout;
}

base::Result<ControlAnswer, ControlFailure> ask(const ControlOptions& options,
                                                const std::string& method,
                                                const std::string& target,
                                                const std::string& body = {}) {
  auto client = ControlClient::find(options.target);
  if (!client) return base::fail(client.error());
  return client->ask(method, target, body, deadline_of(options));
}

// Prints a 200 by `show`, or as it is with --json.
template <class Read, class Show>
int ask_and_show(const ControlOptions& options, const std::string& target, Read read, Show show) {
  const auto answer = ask(options, "GET", target);
  if (!answer) return fail(answer.error());
  if (answer->status != kOk) return fail(*answer);
  if (options.json) {
    std::cout << answer->body << '\n';
    return kDone;
  }
  const auto value = read(answer->body);
  if (!value) return fail(value.error().text);
  std::cout << show(*value);
  return kDone;
}

// Of a reload and a rollback.
int show_report(const ControlOptions& options,
                const base::Result<ControlAnswer, ControlFailure>& answer) {
  if (!answer) return fail(answer.error());
  if (answer->status != kOk && answer->status != kConflict) return fail(*answer);
  if (options.json) {
    std::cout << answer->body << '\n';
    return answer->status == kOk ? kDone : kRefused;
  }
  const auto report = app::read_report(answer->body);
  if (!report) return fail(report.error().text);
  if (report->done) std::cout << report_text(*report, app::colour_of_stdout()) << std::flush;
  std::cerr << refusal_text(*report);
  return report->done ? kDone : kRefused;
}

// Tells stderr if not.
bool may_be_alias(const std::string& alias) {
  if (config::is_name(alias)) return true;
  std::cerr << "berth: error: " << config::quote(alias)
            << " can be no plugin's alias\nhelp: " << config::kNameHelp << '\n';
  return false;
}

// Whether the process has ended by then. Without a pidfd (it is in another pid namespace) the
// socket that is gone has to do.
bool has_ended(ControlClient& client, const base::Descriptor& process, base::TimePoint deadline) {
  if (process) return net::wait_readable(process.get(), deadline) == net::WaitResult::kReady;
  while (base::system_clock().now() < deadline) {
    const auto answer = client.ask("GET", "/v1/status", {}, deadline);
    if (!answer && answer.error().code == kUnreachable) return true;
    std::this_thread::sleep_for(kLookAgain);
  }
  return false;
}

base::Descriptor watch_process(pid_t pid) {
  return base::Descriptor(pid <= 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

}  // namespace

int reload(const ControlOptions& options, bool dry_run) {
  return show_report(options, ask(options, "POST", "/v1/reload",
                                  dry_run ? R"({"dry_run":true})" : R"({"dry_run":false})"));
}

int roll_back(const ControlOptions& options, std::optional<std::uint64_t> to, bool dry_run) {
  std::string body = dry_run ? R"({"dry_run":true)" : R"({"dry_run":false)";
  if (to) body += R"(,"to":)" + std::to_string(*to);
  return show_report(options, ask(options, "POST", "/v1/rollback", body + "}"));
}

int show_status(const ControlOptions& options) {
  return ask_and_show(options, "/v1/status", app::read_status, [](const app::ServerStatus& status) {
    const auto now = std::chrono::floor<std::chrono::seconds>(base::system_clock().wall());
    return status_text(status, now.time_since_epoch().count(), app::colour_of_stdout());
  });
}

int show_generations(const ControlOptions& options) {
  return ask_and_show(options, "/v1/generations", app::read_generations, generations_text);
}

int explain_generation(const ControlOptions& options, std::uint64_t number) {
  return ask_and_show(
      options, "/v1/generations/" + std::to_string(number) + "/holds", app::read_holds,
      [number](const std::vector<app::Hold>& holds) { return holds_text(number, holds); });
}

int release(const ControlOptions& options, const std::string& alias) {
  if (!may_be_alias(alias)) return kUsage;
  return show_report(options, ask(options, "POST", "/v1/plugins/" + alias + "/release"));
}

int pin(const ControlOptions& options, const std::string& alias, bool pinned) {
  if (!may_be_alias(alias)) return kUsage;
  const auto answer = ask(options, pinned ? "PUT" : "DELETE", "/v1/plugins/" + alias + "/pin");
  if (!answer) return fail(answer.error());
  if (answer->status != kOk) return fail(*answer);
  std::cout << alias
            << (pinned ? " is pinned: reloads leave its image alone until `berth plugin unpin "
                       : " is not pinned any more: the next reload loads its file if it changed")
            << (pinned ? alias + "`" : "") << '\n';
  return kDone;
}

int upgrade(const ControlOptions& options) {
  const auto answer = ask(options, "POST", "/v1/upgrade");
  if (!answer) return fail(answer.error());
  if (answer->status != kOk) return fail(*answer);
  if (options.json) {
    std::cout << answer->body << '\n';
    return kDone;
  }
  const auto host = app::read_upgrade(answer->body);
  if (!host) return fail(host.error().text);
  std::cout << config::printable(*host) << '\n';
  return kDone;
}

int stop(const ControlOptions& options, bool wait) {
  const base::TimePoint deadline = deadline_of(options);
  auto client = ControlClient::find(options.target);
  if (!client) return fail(client.error());
  // Watched from before it is told to go, so that its number is not somebody else's by then.
  const auto status = client->ask("GET", "/v1/status", {}, deadline);
  if (!status) return fail(status.error());
  const base::Descriptor process = watch_process(wait ? status->server : 0);
  const auto answer = client->ask("POST", "/v1/stop", {}, deadline);
  if (!answer) return fail(answer.error());
  if (answer->status != kOk) return fail(*answer);
  if (!wait) {
    std::cout << "it is stopping\n";
    return kDone;
  }
  if (has_ended(*client, process, deadline)) {
    std::cout << "it has stopped\n";
    return kDone;
  }
  std::cerr << "berth: error: it is still stopping\n"
               "help: timeouts.shutdown says how long that may take; --timeout gives more time\n";
  return kTimedOut;
}

}  // namespace berth::cli
