#include "cli/control_client.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "app/control_place.h"
#include "app/process.h"
#include "config/environment.h"
#include "config/find_control.h"
#include "config/printable.h"
#include "net/unix_http_client.h"

namespace berth::cli {

namespace {

// Between two questions to a server that is busy.
constexpr std::chrono::milliseconds kAskAgain(100);
constexpr int kBusy = 503;

base::Failure<ControlFailure> failed(int code, const std::string& text) {
  return base::fail(ControlFailure{code, "berth: error: " + text + "\n"});
}

base::Failure<ControlFailure> unreachable(const std::vector<std::string>& paths) {
  std::string where;
  for (const std::string& path : paths) {
    where += (where.empty() ? "" : " or ") + config::printable(path);
  }
  return failed(kUnreachable, "no server answers at " + where +
                                  ": is it running? --control PATH names another socket");
}

}  // namespace

base::Result<ControlClient, ControlFailure> ControlClient::find(const ControlTarget& target) {
  if (target.path) return ControlClient({*target.path});
  if (!target.config) return ControlClient(app::control_paths(app::runtime_environment()));
  const auto control = config::find_control(*target.config, config::Environment::of_process());
  if (!control) {
    return base::fail(ControlFailure{kRefused, control.error().render(app::colour_of_stderr())});
  }
  switch (control->kind) {
    case config::ControlSocket::Kind::kDefault:
      break;
    case config::ControlSocket::Kind::kOff:
      return failed(kUnreachable, config::printable(*target.config) +
                                      " says control: off, so its server has no control socket");
    case config::ControlSocket::Kind::kPath:
      return ControlClient({control->path});
  }
  return ControlClient(app::control_paths(app::runtime_environment()));
}

base::Result<ControlAnswer, ControlFailure> ControlClient::ask(const std::string& method,
                                                               const std::string& target,
                                                               const std::string& body,
                                                               base::TimePoint deadline) {
  for (std::size_t i = 0; i < paths_.size();) {
    const std::string path = config::printable(paths_[i]);
    const auto address = net::UnixAddress::parse(paths_[i]);
    if (!address) return failed(kUsage, address.error().text);
    auto reply =
        net::ask_over_unix(*address, {.method = method, .target = target, .body = body}, deadline);
    if (reply && reply->status == kBusy && base::system_clock().now() + kAskAgain < deadline) {
      std::this_thread::sleep_for(kAskAgain);
      continue;
    }
    if (reply) {
      paths_ = {paths_[i]};
      ControlAnswer answer{.status = reply->status,
                           .body = std::move(reply->body),
                           .json = reply->content_type.starts_with("application/json"),
                           .server = reply->server};
      answer.body.erase(answer.body.find_last_not_of('\n') + 1);
      return answer;
    }
    switch (reply.error().code) {
      case base::ErrorCode::kNotFound:
        ++i;
        continue;
      case base::ErrorCode::kClosed:
        return failed(kUnreachable, path + ": " + reply.error().text + "; its log may tell why");
      case base::ErrorCode::kPermission:
        return failed(kUnreachable, path + " may not be opened by this user" +
                                        "\nhelp: its group may: `ls -l " + path + "` shows which");
      case base::ErrorCode::kTimedOut:
        return failed(kTimedOut, "no answer from " + path +
                                     " in time; what was asked for may still happen"
                                     "\nhelp: `berth status` tells; --timeout gives more time");
      default:
        return failed(kRefused, path + ": " + reply.error().text);
    }
  }
  return unreachable(paths_);
}

}  // namespace berth::cli
