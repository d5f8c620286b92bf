#include "app/plugin_probe.h"

#include <sys/wait.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "app/probe_report.h"
#include "app/probe_task.h"

namespace berth::app {

namespace {

using Stage = ProbeState::Stage;

plugin::Findings finding(const config::Plugin& entry, const std::string& path,
                         const std::string& what) {
  config::Diagnostic diagnostic;
  diagnostic.position = entry.file_position;
  diagnostic.what = "plugin \"" + entry.alias + "\", " + path + ": " + what;
  return {std::move(diagnostic)};
}

std::string text_of(base::Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

std::string end_of(std::optional<int> status, base::Duration timeout) {
  const bool overdue = !status || (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGXCPU);
  if (overdue) return "did not come to an end within " + text_of(timeout);
  if (WIFSIGNALED(*status)) return std::string("crashed: ") + ::sigdescr_np(WTERMSIG(*status));
  return "ended itself with exit code " + std::to_string(WEXITSTATUS(*status));
}

}  // namespace

base::Status<plugin::Findings> probe_plugin(const ProbeOptions& options,
                                            const config::Plugin& entry,
                                            const plugin::PluginFile& file) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.timeout).count();
  const ProbeTask task{.configuration = options.configuration,
                       .alias = entry.alias,
                       .path = file.path,
                       .cpu_seconds = static_cast<std::uint64_t>(seconds)};
  auto ended = options.starter.probe(task, config::serialise(options.recording), file.bytes,
                                     base::system_clock().now() + options.timeout, options.aborted);
  if (!ended) {
    return base::fail(finding(entry, file.path, "it cannot be probed: " + ended.error().text));
  }
  const std::optional<int> status = ended->status;
  ProbeState& state = ended->state;
  if (status && WIFEXITED(*status)) {
    if (state.stage == Stage::kFit && WEXITSTATUS(*status) == 0) return base::done();
    if (state.stage == Stage::kRefused && !state.findings.empty()) {
      return base::fail(std::move(state.findings));
    }
  }
  std::string what = "the process that loaded it " + end_of(status, options.timeout);
  if (state.stage == Stage::kInPlugin && !state.doing.empty()) what += ", " + state.doing;
  return base::fail(finding(entry, file.path, what));
}

}  // namespace berth::app
