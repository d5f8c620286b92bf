#include "base/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace berth::base {

Result<Signals> Signals::open(std::initializer_list<int> more) {
  sigset_t blocked;
  ::sigfillset(&blocked);
  // A fault is handled by the thread that makes it; blocked it would end the process without a
  // word.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigdelset(&blocked, fault);
  }
  if (const int error = ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr); error != 0) {
    return fail(system_error(error, "pthread_sigmask"));
  }
  sigset_t wanted;
  ::sigemptyset(&wanted);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::sigaddset(&wanted, signal);
  for (const int signal : more) ::sigaddset(&wanted, signal);
  Descriptor descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!descriptor) return fail(system_error(errno, "signalfd"));
  return Signals(std::move(descriptor));
}

int Signals::next() noexcept {
  signalfd_siginfo info{};
  const bool got = ::read(descriptor_.get(), &info, sizeof info) == ssize_t{sizeof info};
  return got ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace berth::base
