// The JSON body of a question to the control socket: strict, flat and small. Not the answers
// (control_json.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace berth::app {

// What a body may say. An empty body, as {}, says nothing.
struct ControlRequest {
  bool dry_run = false;
  std::optional<std::uint64_t> to;
};

// Which members a question takes.
struct ControlMembers {
  bool dry_run = false;
  bool to = false;
};

// One object without nested ones, each member at most once. kInvalidArgument, with a text for
// whoever asked: no JSON (RFC 8259), a member that the question does not take, or of another type;
// a misspelt dry_run must not become a reload. `to` is a whole number from 1 on. Any bytes are
// safe; time and memory are linear in their number.
[[nodiscard]] base::Result<ControlRequest> read_control_request(const std::string& body,
                                                                const ControlMembers& taken);

}  // namespace berth::app
