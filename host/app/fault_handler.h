// What becomes of a fault in this process: it is recorded, told, and then ends the process as it
// would have without, at once or when the others have finished. The thread itself never goes on.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace berth::app {

class CrashDrain;
class CrashLedger;

struct FaultHandlerOptions {
  // The byte 'C' goes there before anything else; -1: nobody is told.
  int link = -1;
  // Where a crash of a plugin is remembered for the processes behind this one; null: nowhere.
  const CrashLedger* ledger = nullptr;
  // Where a thread stays that crashed inside a handler, if the others may go on; null: they may
  // not.
  CrashDrain* drain = nullptr;
  // Of the reports, each of which goes to stderr, too; empty: there are none.
  std::string folder = {};
};

// SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP and SIGSYS, std::terminate(), and exit() and
// its like called by plugins; one at a time in a process, for all of its threads. Threads that have
// a base::AlternateStack are heard even where their own has run over.
//
//   fault -> one write(2) of 'C' -> a record in memory -> a line of the ledger
//         -> one write(2) of 'D', if the others may go on
//         -> a report, of the first crash and one more -> it waits until the others have drained,
//         if it may (CrashDrain) -> the action from before (SIG_DFL, a sanitizer's), and the fault
//         once more: a core shows it
//
// Everything is done on the guilty thread with what is safe in a handler of a signal: no lock, no
// allocation. What faults in turn ends that part of the record. A plugin that sets a
// handler of its own has that signal to itself; to ignore one, or the default, is put back
// (plugin::ProcessState). In a forked child it does nothing.
class FaultHandler {
 public:
  // Error: the folder cannot be made or opened, or a handler not be set.
  [[nodiscard]] static base::Result<std::unique_ptr<FaultHandler>> install(
      FaultHandlerOptions options);
  FaultHandler() = default;
  FaultHandler(const FaultHandler&) = delete;
  FaultHandler& operator=(const FaultHandler&) = delete;
  // What was there before is put back. REQUIRES: no other thread faults meanwhile.
  virtual ~FaultHandler() noexcept = default;
};

}  // namespace berth::app
