#include "reload/load/options.h"

#include <stdexcept>
#include <string_view>

#include "bench/load/flags.h"

namespace berth::reload {

Options parse_options(std::span<char* const> arguments) {
  using bench::number;
  using std::chrono::milliseconds;
  Options options;
  Deploying& deploying = options.deploying;
  bench::parse_flags(
      arguments,
      {
          {"--port", [&](auto text) { options.port = number<std::uint16_t>(text); }},
          {"--control", [&](auto text) { deploying.control = text; }},
          {"--release-1", [&](auto text) { deploying.releases[0] = text; }},
          {"--release-2", [&](auto text) { deploying.releases[1] = text; }},
          {"--deployed", [&](auto text) { deploying.deployed = text; }},
          {"--pace-ms", [&](auto text) { deploying.pace = milliseconds(number<int>(text)); }},
          {"--reloads", [&](auto text) { options.reloads = number<std::uint64_t>(text); }},
          {"--keep-alive", [&](auto text) { options.keep_alive = number<std::size_t>(text); }},
          {"--peak-ms", [&](auto text) { options.peak = milliseconds(number<int>(text)); }},
          {"--share-percent",
           [&](auto text) { options.share_percent = number<std::uint64_t>(text); }},
          {"--rate", [&](auto text) { options.rate = number<std::uint64_t>(text); }},
          {"--alone-ms", [&](auto text) { options.alone = milliseconds(number<int>(text)); }},
          {"--further", [&](auto text) { options.further = number<int>(text) != 0; }},
          {"--spin", [&](auto text) { options.spin = number<int>(text) != 0; }},
          {"--process", [&](auto text) { options.processes.push_back(number<pid_t>(text)); }},
      });
  if (options.port == 0 || deploying.control.empty() || deploying.deployed.empty() ||
      deploying.releases[0].empty() || deploying.releases[1].empty()) {
    throw std::invalid_argument("--port, --control, --deployed and both releases are needed");
  }
  if ((options.rate == 0) == (options.peak.count() == 0)) {
    throw std::invalid_argument("one of --rate and --peak-ms is needed");
  }
  return options;
}

}  // namespace berth::reload
