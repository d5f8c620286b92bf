// The crash reports that are kept: one file each, in <state>/crashes, as format_crash() writes
// them.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "observe/timestamp.h"

namespace berth::observe {

// "20260102T030405.678Z-4711.txt": sorted by name they are sorted by time.
inline constexpr std::size_t kCrashNameBytes = 48;
// From a handler of a signal, too: a view into `buffer`.
[[nodiscard]] std::string_view crash_report_name(
    WallTime when, pid_t process, std::array<char, kCrashNameBytes>& buffer) noexcept;

// Removes the oldest above limits::kCrashReports, and what was begun and is not whole.
void prune_crash_reports(const std::string& folder);

// Names of the reports, the newest first; none where there is no folder.
[[nodiscard]] std::vector<std::string> crash_reports(const std::string& folder);

// One of them, with or without ".txt". kNotFound: there is none of that name; else as
// read_private_file().
[[nodiscard]] base::Result<std::string> read_crash_report(const std::string& folder,
                                                          const std::string& name);

// A report as its parts; `text` may be anybody's.
struct CrashParts {
  // "key: value" in its order.
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<std::string> frames;  // of the backtrace, each as it stands there
};
[[nodiscard]] CrashParts parts_of_report(std::string_view text);

}  // namespace berth::observe
