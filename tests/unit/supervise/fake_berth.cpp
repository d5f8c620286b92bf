// A plan and a host for tests of the supervisor: each does what its first word says, and nothing of
// what the real ones do beside it.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/host_link.h"
#include "net/listener.h"
#include "net/socket_plan.h"

namespace berth {
namespace {

using Kind = base::HostMessage::Kind;

int number(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? -1 : std::atoi(text);
}

int plan(std::string_view how) {
  if (how == "refuses") return 7;
  if (how == "crashes") return ::raise(SIGKILL);
  if (how == "waits") ::pause();
  const int channel = number("BERTH_PLAN");
  // Of an upgrade: the socket that there is stays, and one more comes.
  const bool again = number("LISTEN_FDS") == 1;
  if (again && how == "is refused again") return 7;
  if (again && how == "hangs again") ::pause();
  net::ListenerOptions options;
  options.address = net::ListenAddress::parse("127.0.0.1:0").value();
  auto listener = net::Listener::open(options);
  if (!listener) return 99;
  if (again && !net::send_socket(channel, "listener/x", 3, net::UnixPath())) return 98;
  const char* const name = again ? "listener/y" : "listener/x";
  if (!net::send_socket(channel, name, listener->fd(), net::UnixPath())) return 98;
  if (how == "stops short") return 0;
  net::SocketPlan settings;
  settings.standby = how == "has a standby";
  settings.link = how == "speaks another language" ? 4711 : base::kLinkVersion;
  return net::send_end(channel, settings) ? 0 : 97;
}

class Host {
 public:
  Host(bool replaces, bool standby) : replaces_(replaces), standby_(standby) {}

  int run(std::string_view how) {
    if (standby_) return stand_by(how);
    if (number("LISTEN_FDS") == 2) return upgraded(how);
    if (how == "refuses") {
      send(Kind::kRefused);
      return 5;
    }
    if (how == "exits early") return 0;
    if (how == "crashes early") return ::raise(SIGKILL);
    if (how == "crashes of its first request" && !replaces_) {
      send(Kind::kAccepting);
      return ::raise(SIGKILL);
    }
    if (how == "never starts") {
      say("starting\n");
      for (;;) (void)wait_signal();
    }
    if (how == "never comes back" && replaces_) {
      for (;;) (void)wait_signal();
    }
    if (how == "crashes before it is ready" && !replaces_) {
      send(Kind::kAccepting);
      write_byte(base::kCrashByte);
    }
    send(Kind::kReady);
    if (how == "crashes before it is ready" && !replaces_) {
      for (;;) (void)wait_signal();
    }
    if (replaces_ && how != "crashes always") return serve();
    if (how.starts_with("tells its number")) say(" " + std::to_string(::getpid()) + " serves\n");
    if (how == "exits" || how == "never comes back") std::exit(3);
    if (how == "drains") {
      write_byte(base::kCrashByte);
      send(Kind::kDraining);
      say("draining\n");
      for (;;) (void)wait_signal();
    }
    if (how == "is still told of") {
      write_byte(base::kCrashByte);
      write_byte(base::kDrainByte);
      for (;;) (void)wait_signal();
    }
    if (how == "hangs in its crash") {
      write_byte(base::kCrashByte);
      for (;;) (void)wait_signal();
    }
    if (how == "asks to be replaced") {
      send(Kind::kReplace);
      return wait_to_leave(how);
    }
    if (how.starts_with("is upgraded") || how == "leaves slowly") {
      say("ready\n");
      const int code = wait_to_leave(how);
      if (how == "leaves slowly") {
        for (;;) (void)wait_signal();
      }
      return code;
    }
    if (how == "crashes always") return ::raise(SIGKILL);
    if (how == "crashes") return ::raise(SIGKILL);
    if (how == "talks nonsense") {
      for (const std::size_t size : {2U, 100U, 280U, 5000U}) {
        const std::string bytes(size, 'C');
        (void)::send(link_, bytes.data(), bytes.size(), 0);
      }
      send(Kind::kWithdraw);  // while nobody stops
      send(Kind::kWithdrawn);
      return ::raise(SIGKILL);
    }
    if (how == "closes the link") {
      ::close(link_);
      say("ready\n");
      (void)wait_signal();
      say("it is told by a signal\n");
      return 0;
    }
    if (how == "never stops") {
      say("ready\n");
      for (;;) (void)wait_signal();
    }
    if (how == "has an orphan") leave_orphan();
    if (how == "stops itself") {
      send(Kind::kStopping);
      return 0;
    }
    return serve();
  }

 private:
  // Its number is told, and it ends once it is one.
  static void leave_orphan() {
    std::array<int, 2> held{};
    if (::pipe(held.data()) != 0) return;
    const pid_t child = ::fork();
    if (child == 0) {
      const pid_t orphan = ::fork();
      if (orphan == 0) {
        ::close(held[1]);
        char byte = 0;
        (void)!::read(held[0], &byte, 1);
      } else {
        say(std::to_string(orphan) + " is left\n");
      }
      ::_exit(0);
    }
    (void)::waitpid(child, nullptr, 0);
    ::close(held[0]);
    ::close(held[1]);
  }
  static void say(std::string_view text) {
    (void)!::write(STDERR_FILENO, text.data(), text.size());
  }
  void write_byte(char byte) const { (void)!::write(link_, &byte, 1); }
  void send(Kind kind) const {
    base::HostMessage message;
    message.kind = kind;
    message.generation = 5;
    (void)base::send_message(link_, message);
  }
  // The next message of the supervisor; kReady: none will ever be.
  Kind receive() const {
    for (;;) {
      pollfd link{link_, POLLIN, 0};
      (void)::poll(&link, 1, -1);
      base::HostMessage message;
      const auto received = base::receive_message(link_, message);
      if (received == base::Received::kMessage) return message.kind;
      if (received == base::Received::kClosed) return Kind::kReady;
    }
  }
  int wait_to_leave(std::string_view how) {
    for (;;) {
      switch (receive()) {
        case Kind::kLeave:
          if (how == "is upgraded, and lives") {
            send(Kind::kAlive);
            return 3;
          }
          say("it leaves\n");
          return 0;
        case Kind::kNotReplaced:
          say("it goes on\n");
          return serve();
        case Kind::kReady:
          return 89;
        default:
          break;
      }
    }
  }
  int stand_by(std::string_view how) {
    if (how == "has a bad standby") return 4;
    if (how.ends_with("a crashed standby")) {
      write_byte(base::kCrashByte);
      say("stands by\n");
      if (how == "drains a crashed standby") {
        write_byte(base::kDrainByte);
        return 1;
      }
      for (;;) (void)wait_signal();
    }
    sigset_t none;
    sigset_t before;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, &before);  // one that is dismissed ends by the signal
    say("stands by\n");
    send(Kind::kWarm);
    while (receive() != Kind::kServe) {
    }
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    say("it is its turn\n");
    send(Kind::kReady);
    return serve();
  }
  // The host of an upgrade, whose plan has one more socket.
  int upgraded(std::string_view how) {
    if (how == "is upgraded badly") {
      send(Kind::kRefused);
      return 5;
    }
    if (how == "is upgraded and crashes") {
      send(Kind::kAccepting);
      write_byte(base::kCrashByte);
      write_byte(base::kDrainByte);
      return 1;
    }
    say("it is new\n");
    send(Kind::kReady);
    (void)wait_signal();
    send(Kind::kStopping);
    return 0;
  }
  // Its sockets answer with nothing, and are those it was promised.
  int serve() const {
    int accepting = 0;
    socklen_t size = sizeof accepting;
    const bool has_socket = number("LISTEN_FDS") == 1 &&
                            ::getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &size) == 0 &&
                            std::getenv("LISTEN_FDNAMES") == std::string_view("listener/x") &&
                            std::getenv("NOTIFY_SOCKET") == nullptr;
    if (!has_socket || accepting != 1) return 90;
    if (replaces_) say("serves again\n");
    (void)wait_signal();
    send(Kind::kStopping);
    return 0;
  }
  static int wait_signal() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int one : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::sigaddset(&set, one);
    int got = 0;
    return ::sigwait(&set, &got) == 0 ? got : -1;
  }

  bool replaces_;
  bool standby_;
  int link_ = number("BERTH_LINK");
};

}  // namespace

int run(int argc, char** argv) {
  if (argc < 3) return 96;
  const bool replaces =
      argc >= 5 && std::string_view(argv[3]) == "--generation" && std::string_view(argv[4]) == "5";
  const bool standby = argc == 6 && std::string_view(argv[5]) == "--standby";
  return std::string_view(argv[1]) == "plan" ? plan(argv[2]) : Host(replaces, standby).run(argv[2]);
}

}  // namespace berth

int main(int argc, char** argv) { return berth::run(argc, argv); }
