// A plan and a host for tests of the supervisor: each does what its first word says, and nothing of
// what the real ones do beside it.
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
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
  net::ListenerOptions options;
  options.address = net::ListenAddress::parse("127.0.0.1:0").value();
  auto listener = net::Listener::open(options);
  if (!listener) return 99;
  if (!net::send_socket(channel, "listener/x", listener->fd(), net::UnixPath())) return 98;
  if (how == "stops short") return 0;
  return net::send_end(channel, {.sockets = {}, .stop = {}, .json_log = false}) ? 0 : 97;
}

class Host {
 public:
  explicit Host(bool replaces) : replaces_(replaces) {}

  int run(std::string_view how) {
    if (how == "refuses") {
      send(Kind::kRefused);
      return 5;
    }
    if (how == "exits early") return 0;
    if (how == "crashes early") return ::raise(SIGKILL);
    if (how == "never starts") {
      say("starting\n");
      for (;;) (void)wait_signal();
    }
    send(Kind::kReady);
    if (replaces_ && how != "crashes always") return serve();
    if (how == "exits") std::exit(3);
    if (how == "crashes always") return ::raise(SIGKILL);
    if (how == "crashes") {
      (void)!::write(link_, &base::kCrashByte, 1);
      (void)!::pwrite(number("BERTH_BOARD"), "guilty", 6, 0);
      return ::raise(SIGKILL);
    }
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
      return 0;
    }
    if (how == "never stops") {
      say("ready\n");
      for (;;) (void)wait_signal();
    }
    if (how == "stops itself") {
      send(Kind::kStopping);
      return 0;
    }
    return serve();
  }

 private:
  static void say(std::string_view text) {
    (void)!::write(STDERR_FILENO, text.data(), text.size());
  }
  void send(Kind kind) const {
    base::HostMessage message;
    message.kind = kind;
    message.generation = 5;
    (void)base::send_message(link_, message);
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
  int link_ = number("BERTH_LINK");
};

}  // namespace

int run(int argc, char** argv) {
  if (argc < 3) return 96;
  const bool replaces =
      argc == 5 && std::string_view(argv[3]) == "--generation" && std::string_view(argv[4]) == "5";
  return std::string_view(argv[1]) == "plan" ? plan(argv[2]) : Host(replaces).run(argv[2]);
}

}  // namespace berth

int main(int argc, char** argv) { return berth::run(argc, argv); }
