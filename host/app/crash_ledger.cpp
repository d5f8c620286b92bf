#include "app/crash_ledger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/whole_file.h"

namespace berth::app {

namespace {

namespace limits = base::limits;

// In the order of LedgerEntry::Kind.
constexpr std::array<std::string_view, 3> kKinds{"crash", "suspect", "release"};
// In place of an empty word.
constexpr std::string_view kNothing = "-";
constexpr std::uint64_t kMostBytes = limits::kLedgerEntries * limits::kLedgerLine * 2;

// Fills a line from the left, and drops what finds no room.
class Line {
 public:
  explicit Line(std::span<char> room) noexcept : room_(room) {}

  // `spaces`: it is the last word, which may have some.
  void word(std::string_view text, bool spaces = false) noexcept {
    if (size_ > 0) put(' ');
    const std::size_t begin = size_;
    for (const char c : text) {
      if (c > ' ' || (spaces && c == ' ')) put(c);
    }
    if (size_ == begin) put(kNothing.front());
  }
  void number(std::uint64_t value, unsigned base) noexcept {
    std::array<char, 24> digits;
    std::size_t at = digits.size();
    do {
      digits[--at] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    word({digits.data() + at, digits.size() - at});
  }
  [[nodiscard]] std::size_t end() noexcept {
    if (room_.empty()) return 0;
    size_ = std::min(size_, room_.size() - 1);
    room_[size_++] = '\n';
    return size_;
  }

 private:
  void put(char c) noexcept {
    if (size_ < room_.size()) room_[size_++] = c;
  }
  std::span<char> room_;
  std::size_t size_ = 0;
};

std::string_view take_word(std::string_view& rest) noexcept {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

template <class Number>
std::optional<Number> number_of(std::string_view word, int base = 10) noexcept {
  Number value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

std::string_view unless_nothing(std::string_view word) noexcept {
  return word == kNothing ? std::string_view() : word;
}

std::optional<LedgerEntry> parse_line(std::string_view line) noexcept {
  const auto kind = std::find(kKinds.begin(), kKinds.end(), take_word(line));
  const auto time = number_of<std::int64_t>(take_word(line));
  LedgerEntry entry;
  entry.alias = unless_nothing(take_word(line));
  entry.image = unless_nothing(take_word(line));
  const auto fingerprint = number_of<std::uint64_t>(take_word(line), 16);
  entry.pattern = unless_nothing(line);
  if (kind == kKinds.end() || !time || *time < 0 || !fingerprint || entry.alias.empty()) {
    return std::nullopt;
  }
  entry.kind = static_cast<LedgerEntry::Kind>(kind - kKinds.begin());
  entry.time = *time;
  entry.fingerprint = *fingerprint;
  return entry;
}

base::Descriptor open_to_append(const std::string& path) noexcept {
  return base::Descriptor(
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
}

// 0, or errno. In one write(2), or lines of others would stand in between.
int write_whole(int file, std::string_view bytes) noexcept {
  for (;;) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written == static_cast<ssize_t>(bytes.size())) return 0;
    if (written < 0 && errno == EINTR) continue;
    return written < 0 ? errno : ENOSPC;
  }
}

bool is_at(int file, const std::string& path) noexcept {
  struct stat own {};
  struct stat there {};
  return ::fstat(file, &own) == 0 && ::lstat(path.c_str(), &there) == 0 &&
         own.st_dev == there.st_dev && own.st_ino == there.st_ino;
}

// What stands in the file behind its first `from` bytes.
std::string behind(int file, std::size_t from) {
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got =
        ::pread(file, piece.data(), piece.size(), static_cast<off_t>(from + text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

// The newest limits::kLedgerEntries lines; empty: there are no more than these.
std::string_view newest(std::string_view text) noexcept {
  auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (lines <= limits::kLedgerEntries) return {};
  for (; lines > limits::kLedgerEntries; --lines) text.remove_prefix(text.find('\n') + 1);
  return text;
}

}  // namespace

std::size_t format_entry(const LedgerEntry& entry, std::span<char> room) noexcept {
  Line line(room);
  line.word(kKinds[static_cast<std::size_t>(entry.kind)]);
  line.number(static_cast<std::uint64_t>(std::max<std::int64_t>(entry.time, 0)), 10);
  line.word(entry.alias);
  line.word(entry.image);
  line.number(entry.fingerprint, 16);
  line.word(entry.pattern, true);
  return line.end();
}

std::uint64_t fingerprint_of(std::string_view method, std::string_view target) noexcept {
  // FNV-1a: no secret is needed, as whoever makes two targets alike refuses only his own.
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3U; };
  for (const char c : method) add(static_cast<unsigned char>(c));
  add(' ');
  for (const char c : target.substr(0, limits::kCrashTarget)) add(static_cast<unsigned char>(c));
  return hash == 0 ? 1 : hash;
}

CrashHistory CrashHistory::parse(std::string text) {
  CrashHistory history;
  history.text_ = std::make_shared<const std::string>(std::move(text));
  std::string_view rest = *history.text_;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;  // somebody is about to write the rest of it
    if (const auto entry = parse_line(rest.substr(0, end))) history.entries_.push_back(*entry);
    rest.remove_prefix(end + 1);
  }
  return history;
}

std::vector<LedgerEntry> CrashHistory::crashes(std::string_view alias,
                                               std::string_view image) const {
  std::vector<LedgerEntry> found;
  for (const LedgerEntry& entry : entries_) {
    if (entry.alias != alias) continue;
    if (entry.kind == LedgerEntry::Kind::kRelease) {
      found.clear();
    } else if (entry.image == image) {
      found.push_back(entry);
    }
  }
  return found;
}

CrashHistory::Verdict CrashHistory::judge(std::string_view alias, std::string_view image,
                                          const config::Quarantine& rule) const {
  Verdict verdict;
  if (rule.crashes == 0) return verdict;
  const std::int64_t within = std::chrono::ceil<std::chrono::seconds>(rule.within).count();
  const std::vector<LedgerEntry> all = crashes(alias, image);
  std::size_t first = 0;
  for (std::size_t last = 0; last < all.size(); ++last) {
    while (all[last].time - all[first].time > within) ++first;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(last) + 1;
    const bool suspects = std::all_of(begin, end, [](const LedgerEntry& entry) {
      return entry.kind == LedgerEntry::Kind::kSuspect;
    });
    const std::uint64_t needed = suspects ? std::max<std::uint64_t>(rule.crashes, 2) : rule.crashes;
    const auto count = static_cast<std::uint64_t>(end - begin);
    if (count < needed) continue;
    verdict = {.quarantined = true, .crashes = count, .last = all[last].time};
  }
  return verdict;
}

std::map<std::string, std::set<std::uint64_t>, std::less<>> CrashHistory::poison(
    std::string_view alias, std::string_view image) const {
  std::map<std::pair<std::string_view, std::uint64_t>, std::size_t> counts;
  std::map<std::string, std::set<std::uint64_t>, std::less<>> found;
  for (const LedgerEntry& entry : crashes(alias, image)) {
    if (entry.fingerprint == 0) continue;
    if (++counts[{entry.pattern, entry.fingerprint}] < limits::kPoisonCrashes) continue;
    found[std::string(entry.pattern)].insert(entry.fingerprint);
  }
  return found;
}

CrashLedger::CrashLedger(std::string path, base::Descriptor file) noexcept
    : path_(std::move(path)), file_(std::move(file)) {}

base::Result<CrashLedger> CrashLedger::open(std::string path) {
  const base::Descriptor old(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  auto text = base::read_private_file(path, kMostBytes);
  if (!text && text.error().code != base::ErrorCode::kNotFound) {
    return base::fail(std::move(text).error());
  }
  // A line that found no room, and would take the next one with it.
  std::string missing(text && !text->empty() && !text->ends_with('\n') ? "\n" : "");
  const std::string_view kept = text ? newest(*text) : std::string_view();
  // Else another host has just shortened it.
  if (!kept.empty() && old && is_at(old.get(), path)) {
    if (auto status = base::replace_file(path, kept, 0600); !status) {
      return base::fail(std::move(status).error());
    }
    // A host that crashed meanwhile had the old one before it.
    missing.insert(0, behind(old.get(), text->size()));
  }
  base::Descriptor file = open_to_append(path);
  if (!file) return base::fail(base::system_error(errno, "open " + path));
  if (!missing.empty()) (void)write_whole(file.get(), missing);
  return CrashLedger(std::move(path), std::move(file));
}

CrashHistory CrashLedger::history() const {
  auto text = base::read_private_file(path_, kMostBytes);
  return CrashHistory::parse(text ? std::move(*text) : std::string());
}

base::Status<> CrashLedger::append(const LedgerEntry& entry) const {
  if (const int error = write(entry); error != 0) {
    return base::fail(base::system_error(error, "write to " + path_));
  }
  return base::done();
}

int CrashLedger::write(const LedgerEntry& entry) const noexcept {
  std::array<char, limits::kLedgerLine> line;
  const std::size_t size = format_entry(entry, line);
  // By its name, which is another file's once a host that began later has shortened it.
  const base::Descriptor named = open_to_append(path_);
  return write_whole(named ? named.get() : file_.get(), {line.data(), size});
}

}  // namespace berth::app
