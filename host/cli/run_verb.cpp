#include "cli/run_verb.h"

#include <string>
#include <vector>

#include "app/host.h"
#include "app/process.h"
#include "base/clock.h"
#include "supervise/supervisor.h"

namespace berth::cli {

namespace {

std::vector<std::string> command_line(const char* verb, const app::RunOptions& options) {
  std::vector<std::string> words{"berth", verb, "--config", options.file};
  if (options.allow_root) words.emplace_back("--allow-root");
  return words;
}

}  // namespace

int run(const app::RunOptions& options, bool supervised) {
  if (!supervised) return app::run_host(options);
  app::keep_places_of_root();
  supervise::SupervisorOptions supervisor{
      .file = app::binary_path(),
      .self = command_line("run", options),
      .plan = command_line("plan", options),
      .host = command_line("host", options),
      .variables = supervise::Variables::of_process(),
  };
  if (options.last_good) supervisor.first.emplace_back("--last-good");
  return supervise::Supervisor(supervisor, base::system_clock()).run();
}

}  // namespace berth::cli
