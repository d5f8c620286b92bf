#include "bench/load/options.h"

#include <stdexcept>
#include <string_view>

#include "bench/load/flags.h"

namespace berth::bench {
namespace {

template <typename Number>
std::vector<Number> numbers(std::string_view text) {
  std::vector<Number> values;
  while (!text.empty()) {
    const std::size_t end = text.find(',');
    values.push_back(number<Number>(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return values;
}

}  // namespace

Options parse_options(std::span<char* const> arguments) {
  using std::chrono::milliseconds;
  Options options;
  const Flags known = {
      {"--port", [&](auto text) { options.port = number<std::uint16_t>(text); }},
      {"--path", [&](auto text) { options.path = text; }},
      {"--connections", [&](auto text) { options.connections = number<std::size_t>(text); }},
      {"--body-bytes", [&](auto text) { options.body_bytes = number<std::size_t>(text); }},
      {"--close", [&](auto text) { options.close = number<int>(text) != 0; }},
      {"--warmup-ms", [&](auto text) { options.warmup = milliseconds(number<int>(text)); }},
      {"--duration-ms", [&](auto text) { options.duration = milliseconds(number<int>(text)); }},
      {"--requests", [&](auto text) { options.requests = number<std::uint64_t>(text); }},
      {"--rate", [&](auto text) { options.rate = number<std::uint64_t>(text); }},
      {"--beside-path", [&](auto text) { options.beside_path = text; }},
      {"--beside-connections",
       [&](auto text) { options.beside_connections = number<std::size_t>(text); }},
      {"--upload-path", [&](auto text) { options.upload_path = text; }},
      {"--uploads", [&](auto text) { options.uploads = number<std::size_t>(text); }},
      {"--idle", [&](auto text) { options.idle = numbers<std::size_t>(text); }},
      {"--processes", [&](auto text) { options.processes = numbers<pid_t>(text); }},
  };
  parse_flags(arguments, known);
  if (options.port == 0) throw std::invalid_argument("--port is missing");
  if (options.rate != 0 && (options.requests == 0 || options.connections == 0)) {
    throw std::invalid_argument("--rate needs --requests and --connections");
  }
  if (options.rate != 0 &&
      (options.close || options.uploads != 0 || !options.beside_path.empty())) {
    throw std::invalid_argument("--rate goes with neither --close nor --beside-path nor --uploads");
  }
  return options;
}

}  // namespace berth::bench
