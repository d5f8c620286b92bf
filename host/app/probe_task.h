// What a probe is told once it is wanted; the recording and the plugin's file are there by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth::app {

struct ProbeTask {
  std::string configuration;      // the file, as it was given to config::load()
  std::string alias;              // of the plugin
  std::string path;               // of its file, to speak of
  std::uint64_t cpu_seconds = 0;  // 0: any
};

// REQUIRES: no text of it has a NUL.
[[nodiscard]] std::string serialise(const ProbeTask& task);
// Nothing: it is not what serialise() made.
[[nodiscard]] std::optional<ProbeTask> parse_probe_task(std::string_view text);

}  // namespace berth::app
