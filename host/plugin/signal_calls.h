// kill(), pthread_sigmask() and sigprocmask() as plugins and the libraries they use find them:
// berth has a version of each, so that faults stay with the threads that make them. It handles no
// signal.
#pragma once

namespace berth::plugin {

// A kill() of the own process with the signal of a fault goes to the thread that calls, if that
// does not block it. POSIX leaves open which thread it is; the kernel would take the main one,
// which knows nothing of the caller.
//
// The signals of faults are never blocked: a thread that makes one that it blocks ends the process
// without a word, whatever handler there is. POSIX leaves that undefined.

// Looks up once what they need, before a handler of a signal may call them.
void prime_signal_calls() noexcept;

}  // namespace berth::plugin
