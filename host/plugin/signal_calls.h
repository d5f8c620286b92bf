// kill(), pthread_sigmask() and sigprocmask() as plugins and the libraries they use find them:
// berth has a version of each, so that faults stay with the threads that make them, and a CallScope
// knows of a changed mask without asking the kernel. It handles no signal.
//
// A kill() of the own process with the signal of a fault goes to the thread that calls, if that
// does not block it. POSIX leaves open which thread it is; the kernel would take the main one,
// which knows nothing of the caller.
//
// The signals of faults are never blocked: a thread that makes one that it blocks ends the process
// without a word, whatever handler there is. POSIX leaves that undefined.
//
// In a handler of a signal, too; there no CallScope hears of it. A raw system call and
// siglongjmp(3) go by unseen.
#pragma once

#include <signal.h>

namespace berth::plugin {

// As pthread_sigmask(3), but blocks what it is told to, and tells nobody.
int set_signal_mask(int how, const sigset_t* set, sigset_t* before) noexcept;

}  // namespace berth::plugin
