#include "supervise/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace berth::supervise {

namespace {

constexpr std::string_view kMagic = "berth handover";
constexpr std::string_view kSocket = "socket";
constexpr std::string_view kHost = "host";
constexpr std::string_view kUser = "user";
constexpr std::string_view kEnd = "end";

// Words, each ended by a NUL: one that has its own ends there.
class Words {
 public:
  void add(std::string_view word) { text_.append(word.substr(0, word.find('\0'))).push_back('\0'); }
  template <class Number>
  void number(Number value) {
    add(std::to_string(value));
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

// The same from the left; what is not there or no number is remembered as wrong.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  std::string_view word() noexcept {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      wrong_ = true;
      return {};
    }
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return word;
  }
  template <class Number>
  Number number() noexcept {
    const std::string_view text = word();
    Number value{};
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || stop != text.data() + text.size()) wrong_ = true;
    return value;
  }
  // One of this process; -1: none was meant, or it is not open.
  base::Descriptor descriptor(bool wanted) noexcept {
    const int number = this->number<int>();
    const bool open = number > STDERR_FILENO && ::fcntl(number, F_SETFD, FD_CLOEXEC) == 0;
    if (!open && (wanted || number >= 0)) wrong_ = true;
    return base::Descriptor(open ? number : -1);
  }
  [[nodiscard]] bool wrong() const noexcept { return wrong_; }

 private:
  std::string_view rest_;
  bool wrong_ = false;
};

base::Failure<base::Error> corrupt() {
  return base::fail(base::ErrorCode::kCorrupt, "this is no hand-over of a supervisor");
}

std::optional<std::string> read_all(int file) {
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

bool read_socket(Reader& reader, net::SocketPlan& plan) {
  net::PlannedSocket socket;
  socket.socket = reader.descriptor(true);
  socket.name = reader.word();
  std::string path(reader.word());
  const auto device = reader.number<dev_t>();
  const auto inode = reader.number<ino_t>();
  socket.path = net::UnixPath(std::move(path), device, inode);
  if (reader.wrong()) return false;
  plan.sockets.push_back(std::move(socket));
  return true;
}

bool read_host(Reader& reader, std::vector<Host>& hosts) {
  const auto pid = reader.number<pid_t>();
  base::Descriptor link = reader.descriptor(false);
  const auto role = reader.number<unsigned>();
  const bool ready = reader.number<unsigned>() != 0;
  const bool accepts = reader.number<unsigned>() != 0;
  const bool refused = reader.number<unsigned>() != 0;
  const bool crashed = reader.number<unsigned>() != 0;
  const bool killed = reader.number<unsigned>() != 0;
  const auto generation = reader.number<std::uint64_t>();
  const base::Duration stop{reader.number<base::Duration::rep>()};
  const base::Duration started{reader.number<base::Duration::rep>()};
  const base::Duration kill{reader.number<base::Duration::rep>()};
  if (reader.wrong() || pid <= 1 || role > static_cast<unsigned>(Role::kLeaving)) return false;
  Host host = Host::adopt(pid, std::move(link), killed);
  host.role = static_cast<Role>(role);
  host.ready = ready;
  host.accepts = accepts;
  host.refused = refused;
  host.crashed = crashed;
  host.generation = generation;
  host.stop = stop;
  // Of a clock that goes on behind exec(2).
  host.started_at = base::TimePoint(started);
  host.kill_at = base::TimePoint(kill);
  hosts.push_back(std::move(host));
  return true;
}

}  // namespace

base::Result<base::Descriptor> write_handover(const net::SocketPlan& plan,
                                              const std::vector<Host>& hosts, const Known& known) {
  Words words;
  words.add(kMagic);
  words.number(base::kHandoverVersion);
  words.number(known.generation);
  words.add(known.refusal);
  words.number(known.reload_wanted ? 1 : 0);
  words.number(known.longest_start.count());
  words.number(plan.stop.count());
  words.number(plan.json_log ? 1 : 0);
  words.number(plan.standby ? 1 : 0);
  if (!plan.user.empty()) {
    words.add(kUser);
    words.add(plan.user);
  }
  for (const net::PlannedSocket& socket : plan.sockets) {
    words.add(kSocket);
    words.number(socket.socket.get());
    words.add(socket.name);
    words.add(socket.path.path());
    words.number(socket.path.device());
    words.number(socket.path.inode());
  }
  for (const Host& host : hosts) {
    words.add(kHost);
    words.number(host.pid());
    words.number(host.link());
    words.number(static_cast<unsigned>(host.role));
    words.number(host.ready ? 1 : 0);
    words.number(host.accepts ? 1 : 0);
    words.number(host.refused ? 1 : 0);
    words.number(host.crashed ? 1 : 0);
    words.number(host.killed() ? 1 : 0);
    words.number(host.generation);
    words.number(host.stop.count());
    words.number(host.started_at.time_since_epoch().count());
    words.number(host.kill_at.time_since_epoch().count());
  }
  words.add(kEnd);
  base::Descriptor file(::memfd_create("berth-handover", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  const std::string& text = words.text();
  // A file in memory takes all of it, or there is no memory.
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return base::fail(base::system_error(errno, "write to a file in memory"));
  }
  return file;
}

base::Result<Handover> read_handover(base::Descriptor file) {
  const auto text = read_all(file.get());
  if (!text) return corrupt();
  Reader reader(*text);
  if (reader.word() != kMagic || reader.number<std::uint32_t>() != base::kHandoverVersion) {
    return corrupt();
  }
  Handover handover;
  handover.known.generation = reader.number<std::uint64_t>();
  handover.known.refusal = reader.word();
  handover.known.reload_wanted = reader.number<unsigned>() != 0;
  handover.known.longest_start = base::Duration(reader.number<base::Duration::rep>());
  handover.plan.stop = base::Duration(reader.number<base::Duration::rep>());
  handover.plan.json_log = reader.number<unsigned>() != 0;
  handover.plan.standby = reader.number<unsigned>() != 0;
  while (!reader.wrong()) {
    const std::string_view kind = reader.word();
    if (kind == kEnd && !reader.wrong()) return handover;
    if (kind == kSocket && read_socket(reader, handover.plan)) continue;
    if (kind == kHost && read_host(reader, handover.hosts)) continue;
    if (kind == kUser) {
      handover.plan.user = reader.word();
      continue;
    }
    break;
  }
  return corrupt();
}

}  // namespace berth::supervise
