#include "bench/load/flags.h"

#include <cstddef>

namespace berth::bench {

void parse_flags(std::span<char* const> arguments, const Flags& known) {
  for (std::size_t i = 1; i < arguments.size(); i += 2) {
    const auto flag = known.find(arguments[i]);
    if (flag == known.end()) {
      throw std::invalid_argument("unknown option '" + std::string(arguments[i]) + "'");
    }
    if (i + 1 == arguments.size()) {
      throw std::invalid_argument("'" + std::string(arguments[i]) + "' needs a value");
    }
    flag->second(arguments[i + 1]);
  }
}

}  // namespace berth::bench
