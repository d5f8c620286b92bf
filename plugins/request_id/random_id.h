// Random request ids; not secrets: whoever knows some of a thread may compute the next.
#pragma once

#include <string>

namespace request_id {

// 128 bits as 32 lower case hex digits, from a generator of this thread that the kernel has seeded.
// Any thread. Throws std::system_error where the kernel gives no random bytes.
[[nodiscard]] std::string make();

}  // namespace request_id
