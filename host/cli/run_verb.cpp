#include "cli/run_verb.h"

#include <string>
#include <vector>

#include "app/host.h"
#include "base/clock.h"
#include "supervise/supervisor.h"

namespace berth::cli {

namespace {

std::vector<std::string> command_line(const char* verb, const app::RunOptions& options) {
  std::vector<std::string> words{"berth", verb, "--config", options.file};
  if (options.allow_root) words.emplace_back("--allow-root");
  if (options.last_good) words.emplace_back("--last-good");
  return words;
}

}  // namespace

int run(const app::RunOptions& options, bool supervised) {
  if (!supervised) return app::run_host(options);
  const supervise::SupervisorOptions supervisor{
      .plan = command_line("plan", options),
      .host = command_line("host", options),
      .variables = supervise::Variables::of_process(),
  };
  return supervise::Supervisor(supervisor, base::system_clock()).run();
}

}  // namespace berth::cli
