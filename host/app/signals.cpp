#include "app/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "net/wait.h"

namespace berth::app {

base::Result<Signals> Signals::open() {
  sigset_t blocked;
  ::sigfillset(&blocked);
  // A fault is handled by the thread that makes it; blocked it would end the process without a
  // word.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigdelset(&blocked, fault);
  }
  if (const int error = ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr); error != 0) {
    return base::fail(base::system_error(error, "pthread_sigmask"));
  }
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::sigaddset(&wanted, signal);
  base::Descriptor descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor) return base::fail(base::system_error(errno, "signalfd"));
  return Signals(std::move(descriptor));
}

int Signals::wait(base::TimePoint deadline, const base::Clock& clock) noexcept {
  for (;;) {
    signalfd_siginfo info{};
    if (::read(descriptor_.get(), &info, sizeof info) == ssize_t{sizeof info}) {
      return static_cast<int>(info.ssi_signo);
    }
    if (clock.now() >= deadline) return 0;
    (void)net::wait_readable(descriptor_.get(), deadline);
  }
}

}  // namespace berth::app
