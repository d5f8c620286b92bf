#include "observe/crash_folder.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <system_error>

#include "base/limits.h"
#include "base/whole_file.h"

namespace berth::observe {

namespace {

constexpr std::string_view kSuffix = ".txt";
// A report that is not whole after that never will be.
constexpr std::chrono::minutes kAbandoned(10);
// "20260102T030405.678Z"
constexpr std::size_t kTimeBytes = 20;

bool is_report_name(std::string_view name) noexcept {
  constexpr std::string_view kAllowed = "0123456789TZ.-";
  if (name.size() <= kTimeBytes + kSuffix.size() || !name.ends_with(kSuffix)) return false;
  name.remove_suffix(kSuffix.size());
  return name[kTimeBytes] == '-' && name.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

}  // namespace

std::string_view crash_report_name(WallTime when, pid_t process,
                                   std::array<char, kCrashNameBytes>& buffer) noexcept {
  std::array<char, kMaxTimestamp> time;
  std::size_t used = 0;
  for (const char c : rfc3339(when, time)) {
    if (c != '-' && c != ':') buffer[used++] = c;
  }
  buffer[used++] = '-';
  char* const end = std::to_chars(buffer.data() + used, buffer.data() + used + 12, process).ptr;
  std::copy(kSuffix.begin(), kSuffix.end(), end);
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data()) + kSuffix.size()};
}

void prune_crash_reports(const std::string& folder) {
  const std::vector<std::string> kept = crash_reports(folder);
  for (std::size_t i = base::limits::kCrashReports; i < kept.size(); ++i) {
    (void)::unlink((folder + "/" + kept[i]).c_str());
  }
  for (const std::string& name : names_in(folder)) {
    if (!name.starts_with(base::kNewPrefix)) continue;
    // A host that crashed may be writing it, while the next one begins with this.
    const std::string path = folder + "/" + name;
    std::error_code error;
    const auto written = std::filesystem::last_write_time(path, error);
    const auto age = std::filesystem::file_time_type::clock::now() - written;
    if (!error && age > kAbandoned) (void)::unlink(path.c_str());
  }
}

std::vector<std::string> crash_reports(const std::string& folder) {
  std::vector<std::string> names = names_in(folder);
  std::erase_if(names, [](const std::string& name) { return !is_report_name(name); });
  std::sort(names.begin(), names.end(), std::greater<>());
  return names;
}

base::Result<std::string> read_crash_report(const std::string& folder, const std::string& name) {
  const std::string file = name.ends_with(kSuffix) ? name : name + std::string(kSuffix);
  if (!is_report_name(file)) {
    return base::fail(base::ErrorCode::kNotFound, "no crash report has that name");
  }
  return base::read_private_file(folder + "/" + file, base::limits::kCrashReport);
}

CrashParts parts_of_report(std::string_view text) {
  CrashParts parts;
  bool in_backtrace = false;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with("  ")) {
      if (in_backtrace) parts.frames.emplace_back(line.substr(2));
      continue;
    }
    in_backtrace = line == "backtrace:";
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos || line.starts_with("image: ")) continue;
    parts.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return parts;
}

}  // namespace berth::observe
