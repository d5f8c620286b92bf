#include "app/probe_report.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/limits.h"

namespace berth::app {

namespace {

// The stage and what it was about; the rest is zero. Findings stand behind it.
using Record = std::array<char, 512>;
// Of all findings together; what is over is left out.
constexpr std::size_t kMostBytes = base::limits::kMiB;

// "5:hello" (netstrings without the comma).
void append(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

std::optional<std::string> take(std::string_view& bytes) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(bytes.begin(), bytes.end(), size);
  if (error != std::errc() || end == bytes.end() || *end != ':') return std::nullopt;
  bytes.remove_prefix(static_cast<std::size_t>(end - bytes.begin()) + 1);
  if (size > bytes.size()) return std::nullopt;
  std::string text(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return text;
}

std::optional<std::uint32_t> take_number(std::string_view& bytes) {
  const auto text = take(bytes);
  std::uint32_t number = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

void append(std::string& out, const config::Diagnostic& finding) {
  append(out, finding.position.file);
  append(out, std::to_string(finding.position.line));
  append(out, std::to_string(finding.position.column));
  append(out, finding.what);
  append(out, finding.suggestion);
  append(out, finding.help);
}

std::optional<config::Diagnostic> take_finding(std::string_view& bytes) {
  config::Diagnostic finding;
  auto file = take(bytes);
  const auto line = take_number(bytes);
  const auto column = take_number(bytes);
  auto what = take(bytes);
  auto suggestion = take(bytes);
  auto help = take(bytes);
  if (!file || !line || !column || !what || !suggestion || !help) return std::nullopt;
  finding.position.file = std::move(*file);
  finding.position.line = *line;
  finding.position.column = *column;
  finding.what = std::move(*what);
  finding.suggestion = std::move(*suggestion);
  finding.help = std::move(*help);
  return finding;
}

}  // namespace

void ProbeReport::write(ProbeState::Stage stage, std::string_view doing) const noexcept {
  Record record{};
  record[0] = static_cast<char>(stage);
  const std::size_t bytes = std::min(doing.size(), record.size() - 1);
  std::copy_n(doing.begin(), bytes, record.begin() + 1);
  // A lost word makes the verdict worse, never better.
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_, record.data(), record.size(), 0);
}

void ProbeReport::refuse(const plugin::Findings& findings) const {
  std::string bytes;
  for (const config::Diagnostic& finding : findings) {
    std::string one;
    append(one, finding);
    if (bytes.size() + one.size() > kMostBytes) break;
    bytes += one;
  }
  [[maybe_unused]] const ssize_t written =
      ::pwrite(descriptor_, bytes.data(), bytes.size(), sizeof(Record));
  write(ProbeState::Stage::kRefused);
}

base::Result<base::Descriptor> make_probe_file() {
  base::Descriptor file(::memfd_create("berth-probe", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  return file;
}

ProbeState read_probe_report(int descriptor) {
  ProbeState state;
  Record record{};
  if (::pread(descriptor, record.data(), record.size(), 0) != ssize_t{record.size()}) return state;
  state.stage = static_cast<ProbeState::Stage>(record[0]);
  state.doing.assign(record.begin() + 1, std::find(record.begin() + 1, record.end(), '\0'));
  if (state.stage != ProbeState::Stage::kRefused) return state;
  std::string bytes(kMostBytes, '\0');
  const ssize_t count = ::pread(descriptor, bytes.data(), bytes.size(), sizeof(Record));
  std::string_view rest(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!rest.empty()) {
    auto finding = take_finding(rest);
    if (!finding) {
      state.findings.clear();
      break;
    }
    state.findings.push_back(std::move(*finding));
  }
  return state;
}

}  // namespace berth::app
