// What a probe tells the process that waits for it, by way of a file in memory: it holds the last
// word whatever has become of the probe. Not a pipe, which a probe could fill or leave open.
#pragma once

#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::app {

// Where the probe stood when it ended.
struct ProbeState {
  enum class Stage : char {
    kBegun = 'b',
    kInPlugin = 'p',  // code of `plugin` was being run
    kFit = 'f',       // all is well
    kRefused = 'r',   // it has said what is wrong
  };
  Stage stage = Stage::kBegun;
  std::string plugin;  // its alias
};

// The probe's end. The descriptor belongs to whoever started it.
class ProbeReport {
 public:
  explicit ProbeReport(int descriptor) noexcept : descriptor_(descriptor) {}
  void write(ProbeState::Stage stage, std::string_view plugin = {}) const noexcept;

 private:
  int descriptor_;
};

// The waiting end: the file, closed when a program is started.
[[nodiscard]] base::Result<base::Descriptor> make_probe_report();
// What was written last.
[[nodiscard]] ProbeState read_probe_report(int descriptor);

}  // namespace berth::app
