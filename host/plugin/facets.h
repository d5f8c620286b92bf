// The optional powers of an exchange by their names in abi.h: berth.flusher/1 and the like.
#pragma once

#include <berth/abi.h>

namespace berth::plugin {

// A static table; null where nobody knows the name.
[[nodiscard]] const void* request_facet(const char* facet_id) noexcept;

// A static table; null where this connection has not got that power, or nobody knows the name.
[[nodiscard]] const void* response_facet(const berth_response& response,
                                         const char* facet_id) noexcept;

}  // namespace berth::plugin
