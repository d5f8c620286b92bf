#include "net/unix_address.h"

#include <cstring>
#include <utility>

namespace berth::net {

base::Result<UnixAddress> UnixAddress::parse(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    std::string message = "Unix socket \"";
    message.append(text.substr(0, text.find('\0'))).append("\": ").append(why);
    return base::fail(base::ErrorCode::kInvalidArgument, std::move(message));
  };
  if (text.empty() || text == "@") return refuse("no path and no name");
  if (text.find('\0') != std::string_view::npos) return refuse("has a NUL in it");
  const std::size_t bytes = text.front() == '@' ? text.size() - 1 : text.size();
  if (bytes > kMaxBytes) {
    return refuse("has " + std::to_string(bytes) + " bytes, " + std::to_string(kMaxBytes) +
                  " are possible");
  }
  return UnixAddress(text);
}

UnixAddress::UnixAddress(std::string_view text) : text_(text) {
  raw_.sun_family = AF_UNIX;
  std::memcpy(raw_.sun_path, text.data(), text.size());
  if (is_abstract()) raw_.sun_path[0] = '\0';
}

const sockaddr* UnixAddress::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(&raw_);
}

socklen_t UnixAddress::size() const noexcept {
  // An abstract name is as long as the size says; a path ends with its NUL.
  const std::size_t terminator = is_abstract() ? 0 : 1;
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text_.size() + terminator);
}

}  // namespace berth::net
