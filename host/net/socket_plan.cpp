#include "net/socket_plan.h"

#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "net/descriptor_message.h"

namespace berth::net {

namespace {

// Of one message: a name and a path, each 255 bytes at most, and numbers; or a user's groups.
constexpr std::size_t kMost = 4096;
constexpr std::string_view kSocket = "socket";
constexpr std::string_view kUser = "user";
constexpr std::string_view kEnd = "end";

// Words, each ended by a NUL, which none of them has.
std::string joined(std::initializer_list<std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text.append(word).push_back('\0');
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) return {};
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return words;
}

template <class Number>
std::optional<Number> number_of(const std::string& text) noexcept {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

base::Status<> send(int channel, const std::string& text, int descriptor) {
  if (text.size() > kMost) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "the name or path of a socket, or the list of groups, is too long");
  }
  const std::span<const int> descriptors(&descriptor, descriptor >= 0 ? 1 : 0);
  if (auto sent = send_message(channel, text, descriptors); !sent) {
    return base::fail(sent.error().code, "send a socket to the supervisor: " + sent.error().text);
  }
  return base::done();
}

struct Part {
  std::vector<std::string> words;
  base::Descriptor descriptor;
};

// nullopt: nothing is there.
base::Result<std::optional<Part>> receive(int channel) {
  auto message = receive_message(channel, kMost, Await::kNo);
  if (!message) return base::fail(std::move(message).error());
  if (!*message) return std::optional<Part>();
  Part part;
  // Of several the last is taken.
  if (!(*message)->descriptors.empty()) {
    part.descriptor = std::move((*message)->descriptors.back());
  }
  part.words = words_of((*message)->text);
  return std::optional<Part>(std::move(part));
}

// Whether it was one; true in `end`: the last.
bool take(Part part, SocketPlan& plan, bool& end) {
  const std::vector<std::string>& words = part.words;
  if (words.size() == 5 && words[0] == kSocket && part.descriptor) {
    const auto device = number_of<dev_t>(words[3]);
    const auto inode = number_of<ino_t>(words[4]);
    if (!device || !inode) return false;
    plan.sockets.push_back({.name = words[1],
                            .socket = std::move(part.descriptor),
                            .path = UnixPath(words[2], *device, *inode)});
    return true;
  }
  if (words.size() == 2 && words[0] == kUser && !part.descriptor) {
    plan.user = words[1];
    return true;
  }
  if (words.size() == 6 && words[0] == kEnd && !part.descriptor) {
    const auto stop = number_of<base::Duration::rep>(words[1]);
    const auto link = number_of<std::uint32_t>(words[4]);
    const auto handover = number_of<std::uint32_t>(words[5]);
    if (!stop || *stop < 0 || !link || !handover) return false;
    plan.stop = base::Duration(*stop);
    plan.json_log = words[2] == "json";
    plan.standby = words[3] == "standby";
    plan.link = *link;
    plan.handover = *handover;
    end = true;
    return true;
  }
  return false;
}

}  // namespace

base::Status<> send_socket(int channel, std::string_view name, int socket, const UnixPath& path) {
  return send(channel,
              joined({kSocket, name, path.path(), std::to_string(path.device()),
                      std::to_string(path.inode())}),
              socket);
}

base::Status<> send_end(int channel, const SocketPlan& settings) {
  // Alone, so that a supervisor that knows of none refuses no other plan.
  if (!settings.user.empty()) {
    if (auto sent = send(channel, joined({kUser, settings.user}), -1); !sent) return sent;
  }
  return send(channel,
              joined({kEnd, std::to_string(settings.stop.count()),
                      settings.json_log ? "json" : "text", settings.standby ? "standby" : "alone",
                      std::to_string(settings.link), std::to_string(settings.handover)}),
              -1);
}

base::Result<bool> receive_plan(int channel, SocketPlan& plan) {
  for (;;) {
    auto part = receive(channel);
    if (!part) return base::fail(std::move(part).error());
    if (!*part) return false;
    bool end = false;
    if (!take(std::move(**part), plan, end)) {
      return base::fail(base::ErrorCode::kCorrupt, "this is no list of sockets");
    }
    if (end) return true;
  }
}

}  // namespace berth::net
