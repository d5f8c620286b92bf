// reload_load: every kind of load on a server that reloads again and again; every answer is judged.
#include <cstddef>
#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>

#include "reload/load/options.h"
#include "reload/load/run.h"

int main(int argc, char** argv) {
  try {
    berth::reload::run_load(berth::reload::parse_options({argv, static_cast<std::size_t>(argc)}));
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "reload_load: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reload_load: %s\n", error.what());
    return 1;
  }
}
