// bench_load: an HTTP/1.1 load generator of one thread, closed loop or open; prints one line of
// JSON.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>

#include "bench/load/options.h"
#include "bench/load/run.h"

int main(int argc, char** argv) {
  try {
    const auto options = berth::bench::parse_options({argv, static_cast<std::size_t>(argc)});
    std::puts(berth::bench::run_load(options).c_str());
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_load: %s\n", error.what());
    return 1;
  }
}
