// crash_load: busy clients of a server that crashes, is killed or upgraded; every answer is judged.
// Counts, and how long it took, are lines of JSON on stdout: an answer to each command on stdin,
// and behind the last one what came of all.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/flags.h"
#include "crash/load/around.h"
#include "crash/load/client.h"
#include "crash/load/commands.h"
#include "crash/load/incident.h"
#include "crash/load/kind.h"

namespace berth::crash {
namespace {

using namespace std::chrono_literals;

// What is unanswered so long after the end has failed.
constexpr auto kLongestWait = 40s;

struct Options {
  std::uint16_t port = 0;
  std::string newcomers;  // the target that they ask for
  std::vector<Kind> kinds;
  bool spin = false;  // a core is its own
};

std::string_view take_part(std::string_view& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw std::invalid_argument("a kind is CLIENTS:PAUSE_US:TARGET");
  }
  const std::string_view part = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  return part;
}

// "64:1000:/who"
Kind kind_in(std::string_view text) {
  const auto clients = bench::number<std::size_t>(take_part(text));
  const auto pause = bench::number<int>(take_part(text));
  return {.name = std::string(text),
          .target = std::string(text),
          .clients = clients,
          .pause = std::chrono::microseconds(pause)};
}

Options parse_options(std::span<char* const> arguments) {
  using bench::number;
  Options options;
  bench::parse_flags(
      arguments, {
                     {"--port", [&](auto text) { options.port = number<std::uint16_t>(text); }},
                     {"--newcomers", [&](auto text) { options.newcomers = text; }},
                     {"--keep-alive", [&](auto text) { options.kinds.push_back(kind_in(text)); }},
                     {"--new-connections",
                      [&](auto text) {
                        options.kinds.push_back(kind_in(text));
                        options.kinds.back().name += ", new connections";
                        options.kinds.back().close = true;
                      }},
                     {"--spin", [&](auto text) { options.spin = number<int>(text) != 0; }},
                 });
  if (options.port == 0 || options.newcomers.empty()) {
    throw std::invalid_argument("--port and --newcomers are needed");
  }
  return options;
}

void run(Options options) {
  Around around(options.port, options.spin);
  std::vector<Kind>& kinds = options.kinds;
  std::vector<std::unique_ptr<Client>> clients;
  for (Kind& kind : kinds) {
    for (std::size_t i = 0; i < kind.clients; ++i) {
      clients.push_back(std::make_unique<Client>(kind, around));
      clients.back()->start(Clock::now());
    }
  }
  Incident incident(around, options.newcomers);
  const Commands commands(around, incident, kinds, options.spin);
  while (!commands.ended()) around.turn();
  around.ending = true;
  const Clock::time_point latest = Clock::now() + kLongestWait;
  while (around.under_way > 0 && Clock::now() < latest) around.turn();
  for (const auto& client : clients) client->expire();
  tell_counts(kinds);
}

}  // namespace
}  // namespace berth::crash

int main(int argc, char** argv) {
  try {
    berth::crash::run(berth::crash::parse_options({argv, static_cast<std::size_t>(argc)}));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "crash_load: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "crash_load: %s\n", error.what());
    return 1;
  }
}
