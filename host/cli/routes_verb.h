// `berth routes`: the route table of a configuration, and which route answers a request. Loads no
// plugin.
#pragma once

#include <string>

namespace berth::cli {

// Prints the table, one route a line. 1: the configuration is wrong, and stderr says how.
[[nodiscard]] int show_routes(const std::string& file);

// request: "METHOD TARGET", "TARGET" (a GET); the target with or without scheme and host. listener:
// a name, or empty for the first. 0: a route answers; 1: none does, or the configuration is wrong.
[[nodiscard]] int explain_route(const std::string& file, const std::string& request,
                                const std::string& listener);

}  // namespace berth::cli
