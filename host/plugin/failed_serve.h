// What becomes of a request whose plugin failed: the line in the log, and the reply. Not how it
// failed: a result, whoever caught it.
#pragma once

#include <berth/abi.h>

#include <cstdint>
#include <string_view>

#include "plugin/exchange_bridge.h"
#include "plugin/host_table.h"

namespace berth::plugin {

// A line of error level "the WHAT failed", but for what is the client's own doing: the access log
// has that. REQUIRES: result != BERTH_OK.
void log_failure(std::int32_t result, std::string_view what, const HostTable& host);

// The status that the ABI promises for it; 0: none in particular.
[[nodiscard]] int failure_status(std::int32_t result, const serve::Request& request) noexcept;

// What the ABI promises for a result of serve(): an error reply if the head is not out, else the
// connection is cut. REQUIRES: result != BERTH_OK.
void answer_failure(std::int32_t result, serve::ResponseWriter& response,
                    const berth_request& request);

}  // namespace berth::plugin
