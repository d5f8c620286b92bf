// A symbol's name as people write it.
#pragma once

#include <string>

namespace berth::plugin {

// "_ZN4Poco3Net6SocketC1Ev" -> "Poco::Net::Socket::Socket()"; other names are returned as they are.
[[nodiscard]] std::string readable_name(const std::string& symbol);

}  // namespace berth::plugin
