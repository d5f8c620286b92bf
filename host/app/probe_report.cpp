#include "app/probe_report.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace berth::app {

namespace {

// A stage and an alias, which config limits to 64 bytes; the rest is zero.
using Record = std::array<char, 128>;

}  // namespace

void ProbeReport::write(ProbeState::Stage stage, std::string_view plugin) const noexcept {
  Record record{};
  record[0] = static_cast<char>(stage);
  const std::size_t bytes = std::min(plugin.size(), record.size() - 1);
  std::copy_n(plugin.begin(), bytes, record.begin() + 1);
  // A lost word makes the verdict worse, never better.
  [[maybe_unused]] const ssize_t written = ::pwrite(descriptor_, record.data(), record.size(), 0);
}

base::Result<base::Descriptor> make_probe_report() {
  base::Descriptor file(::memfd_create("berth-probe", MFD_CLOEXEC));
  if (!file) return base::fail(base::system_error(errno, "memfd_create"));
  return file;
}

ProbeState read_probe_report(int descriptor) {
  ProbeState state;
  Record record{};
  if (::pread(descriptor, record.data(), record.size(), 0) != ssize_t{record.size()}) return state;
  state.stage = static_cast<ProbeState::Stage>(record[0]);
  state.plugin.assign(record.begin() + 1, std::find(record.begin() + 1, record.end(), '\0'));
  return state;
}

}  // namespace berth::app
