// Memory that outlives a crash: records that a dying process fills and its supervisor, or the
// process itself, reads. It installs no handler and formats nothing.
#pragma once

#include <cstddef>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "observe/crash_record.h"

namespace berth::observe {

// One for each process. Move-only.
//
//   free --claim()--> claimed --finish()--> written
//
// Any thread, also in a handler of a signal: no lock, no allocation.
class CrashBoard {
 public:
  // A file in memory that can neither shrink nor grow, so that no other process can make reading it
  // fail. Errors as the system says.
  [[nodiscard]] static base::Result<CrashBoard> create();
  // The one of another process, by its descriptor(). kInvalidArgument: it is none.
  [[nodiscard]] static base::Result<CrashBoard> adopt(base::Descriptor file);

  CrashBoard(const CrashBoard&) = delete;
  CrashBoard& operator=(const CrashBoard&) = delete;
  CrashBoard(CrashBoard&& other) noexcept;
  CrashBoard& operator=(CrashBoard&&) = delete;
  ~CrashBoard() noexcept;

  // To be handed down; closed on exec unless the caller says otherwise.
  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }

  // A record of zeros that nobody else has; null: all are taken.
  [[nodiscard]] CrashRecord* claim() noexcept;
  // What stands in it is whole. REQUIRES: one of claim().
  void finish(CrashRecord& record) noexcept;

  struct Entry {
    CrashRecord record;
    bool whole;  // false: the process ended before finish()
  };
  // Copies of what was claimed, in that order. Trusts nothing of the memory but its size.
  [[nodiscard]] std::vector<Entry> read() const;

 private:
  struct Memory;
  CrashBoard(base::Descriptor file, Memory* memory) noexcept;
  [[nodiscard]] static base::Result<CrashBoard> map(base::Descriptor file);

  base::Descriptor file_;
  Memory* memory_;
};

}  // namespace berth::observe
