// Whether bytes from the server are the HTTP/1 responses they have to be. On purpose not the
// server's own code, and strict.
#pragma once

#include <optional>
#include <string>

#include "fuzz/serve/scripted_server.h"

namespace berth::fuzz {

// What is wrong with the replies of a connection; nothing: each is framed as RFC 9112 s6 wants it,
// each answers a request that was served, in order and once, nothing follows one that said close,
// and no field holds a control character. `script`: what its client did.
[[nodiscard]] std::optional<std::string> judge(const Outcome& outcome, const ClientScript& script);

}  // namespace berth::fuzz
