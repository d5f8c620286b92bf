#include "bench/load/options.h"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace berth::bench {
namespace {

template <typename Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument("'" + std::string(text) + "' is no number in range");
  }
  return value;
}

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
  const std::map<std::string_view, std::function<void(std::string_view)>> known = {
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
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto option = known.find(arguments[i]);
    if (option == known.end()) {
      throw std::invalid_argument("unknown option '" + std::string(arguments[i]) + "'");
    }
    if (i + 1 == arguments.size()) {
      throw std::invalid_argument("'" + std::string(arguments[i]) + "' needs a value");
    }
    option->second(arguments[i + 1]);
  }
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
