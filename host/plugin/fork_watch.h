// fork() called by plugins: told once for each, and a child that returns from the call it was made
// in ends there. posix_spawn(), vfork(), system() and popen() are not seen, and need not be.
#pragma once

namespace berth::plugin {

// From now on, for the whole process; later calls do nothing. Any thread.
void watch_forks() noexcept;

}  // namespace berth::plugin
