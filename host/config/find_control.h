// The control socket that a configuration file names, for whoever wants to talk to the server of
// that file and not to start one. Looks at that one key.
#pragma once

#include <string>

#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "config/environment.h"

namespace berth::config {

// Reads that file alone, by the rules of load_file(); what it includes is not read, and nothing
// that is wrong outside the key matters: the server that runs was started with it all the same.
// Errors: the file cannot be read to its end, or what is wrong with the key's value.
[[nodiscard]] base::Result<ControlSocket, Diagnostics> find_control(const std::string& path,
                                                                    const Environment& environment);

}  // namespace berth::config
