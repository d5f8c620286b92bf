// Any bytes as the ledger of crashes, and as what is written to it: nothing of them is trusted.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/crash_ledger.h"
#include "base/limits.h"
#include "fuzz/fuzz_check.h"

namespace {

using berth::app::CrashHistory;
using berth::app::format_entry;
using berth::app::LedgerEntry;
using berth::fuzz::check;

constexpr berth::config::Quarantine kOnce{.crashes = 1, .within = std::chrono::seconds(60)};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

std::string line_of(const LedgerEntry& entry, std::size_t room) {
  std::array<char, berth::base::limits::kLedgerLine> line;
  const std::size_t size = format_entry(entry, {line.data(), room});
  check(size <= room, "a line fits its room");
  return {line.data(), size};
}

// What the bytes say as fields of an entry is one line, and read as that entry alone.
void check_entry(const std::vector<std::string_view>& fields, std::size_t room) {
  const auto field = [&fields](std::size_t i) {
    return i < fields.size() ? fields[i] : std::string_view();
  };
  const LedgerEntry entry{.kind = LedgerEntry::Kind::kCrash,
                          .time = static_cast<std::int64_t>(field(0).size()),
                          .alias = field(1),
                          .image = field(2),
                          .fingerprint = berth::app::fingerprint_of(field(3), field(4)),
                          .pattern = field(5)};
  check(entry.fingerprint != 0, "no request has the fingerprint of none");
  const std::string line = line_of(entry, room);
  check(line.empty() || line.find('\n') == line.size() - 1, "an entry is one line");
  (void)CrashHistory::parse(line).judge(entry.alias, entry.image, kOnce);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_entry(split(text, '\n'), berth::base::limits::kLedgerLine);
  check_entry(split(text, '\n'), size % berth::base::limits::kLedgerLine);

  const CrashHistory history = CrashHistory::parse(text);
  for (const std::string_view line : split(text, '\n')) {
    const std::vector<std::string_view> words = split(line, ' ');
    if (words.size() < 4 || words[2].empty()) continue;
    const auto verdict = history.judge(words[2], words[3], kOnce);
    check(verdict.quarantined == (verdict.crashes > 0), "a quarantine has its crashes");
    check(!history.judge(words[2], words[3], {.crashes = 0, .within = {}}).quarantined,
          "off is off");
    for (const auto& [pattern, requests] : history.poison(words[2], words[3])) {
      check(!requests.empty() && !requests.contains(0), "poison is of requests");
    }
    // Whoever is released begins anew. A word with something else than a name in it is no alias.
    const std::string released =
        line_of({.kind = LedgerEntry::Kind::kRelease, .time = 1, .alias = words[2]},
                berth::base::limits::kLedgerLine);
    if (released.find(std::string(words[2]) + ' ') == std::string::npos) continue;
    const std::string ended = text.ends_with('\n') ? text : text + '\n';
    const CrashHistory after = CrashHistory::parse(ended + released);
    check(!after.judge(words[2], words[3], kOnce).quarantined, "a release ends it");
    check(after.poison(words[2], words[3]).empty(), "and its poison");
  }
  return 0;
}
