// What a server remembers of crashes from one process to the next: a line for each in a file, and
// what follows from them for a plugin and a request. It handles no signal and writes no report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "config/configuration.h"

namespace berth::app {

struct LedgerEntry {
  enum class Kind : std::uint8_t {
    kCrash,
    kSuspect,  // a crash whose cause may lie elsewhere: the heap was corrupt
    kRelease,  // of the plugin, by an operator: what was before counts no more
  };
  Kind kind = Kind::kCrash;
  std::int64_t time = 0;  // seconds since the epoch
  std::string_view alias;
  std::string_view image = {};    // its build-id; empty: it has none
  std::uint64_t fingerprint = 0;  // of the request; 0: there was none
  std::string_view pattern = {};  // of its route
};

// The line of an entry with its newline, cut to `room`; how long it is. Texts that could end a line
// or a word are left out. Async-signal-safe.
[[nodiscard]] std::size_t format_entry(const LedgerEntry& entry, std::span<char> room) noexcept;

// What a crash of a request is remembered by: its method and the first limits::kCrashTarget bytes
// of its target, never 0. Async-signal-safe.
[[nodiscard]] std::uint64_t fingerprint_of(std::string_view method,
                                           std::string_view target) noexcept;

// The entries as they stand at one moment. Plain values.
class CrashHistory {
 public:
  // Malformed lines, such as one that the disk had no room for, are left out.
  [[nodiscard]] static CrashHistory parse(std::string text);

  struct Verdict {
    bool quarantined = false;
    std::uint64_t crashes = 0;  // that led to it
    std::int64_t last = 0;      // when the last one was
  };
  // Whether the image crashed so often that it is not called any more. That stays until another
  // image takes its place, or it was released, or `rule` is off. A heap that was found corrupt
  // counts, but never alone.
  [[nodiscard]] Verdict judge(std::string_view alias, std::string_view image,
                              const config::Quarantine& rule) const;
  // Requests that crashed this image limits::kPoisonCrashes times: fingerprints by pattern.
  [[nodiscard]] std::map<std::string, std::set<std::uint64_t>, std::less<>> poison(
      std::string_view alias, std::string_view image) const;

 private:
  // The image's crashes since its plugin was released last.
  [[nodiscard]] std::vector<LedgerEntry> crashes(std::string_view alias,
                                                 std::string_view image) const;

  std::shared_ptr<const std::string> text_;
  std::vector<LedgerEntry> entries_;  // views of it
};

// The file. Several processes may have it open: each appends whole lines, to what has its name at
// that moment.
class CrashLedger {
 public:
  // Makes it where needed, with mode 0600, and shortens it to its newest limits::kLedgerEntries.
  // kPermission: others may write to it; else as the system says.
  [[nodiscard]] static base::Result<CrashLedger> open(std::string path);

  // As it is now; what cannot be read is as if it were not there. Any thread.
  [[nodiscard]] CrashHistory history() const;
  [[nodiscard]] base::Status<> append(const LedgerEntry& entry) const;
  // The same for the fault handler, async-signal-safe: 0, or errno.
  int write(const LedgerEntry& entry) const noexcept;

 private:
  CrashLedger(std::string path, base::Descriptor file) noexcept;

  std::string path_;
  base::Descriptor file_;  // for a process without a free descriptor
};

}  // namespace berth::app
