// What a probe tells the process that waits for it, by way of a file in memory: it holds the last
// word whatever has become of the probe. Not a pipe, which a probe could fill or leave open.
#pragma once

#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"
#include "plugin/plugin.h"

namespace berth::app {

// Where the probe stood when it ended.
struct ProbeState {
  enum class Stage : char {
    kBegun = 'b',
    kInPlugin = 'p',  // code of the plugin was being run: `doing` tells what for
    kFit = 'f',       // all is well
    kRefused = 'r',   // `findings` say what is wrong
  };
  Stage stage = Stage::kBegun;
  std::string doing;          // "while it was loaded"; at most 511 bytes
  plugin::Findings findings;  // of kRefused; none if what was written makes no sense
};

// The probe's end. The descriptor belongs to whoever started it.
class ProbeReport {
 public:
  explicit ProbeReport(int descriptor) noexcept : descriptor_(descriptor) {}
  void write(ProbeState::Stage stage, std::string_view doing = {}) const noexcept;
  // The last word: findings first, so that kRefused is never there without them.
  void refuse(const plugin::Findings& findings) const;

 private:
  int descriptor_;
};

// The waiting end: an empty file in memory, closed when a program is started.
[[nodiscard]] base::Result<base::Descriptor> make_probe_file();
// What was written last. A plugin may have written there as well: any bytes are safe.
[[nodiscard]] ProbeState read_probe_report(int descriptor);

}  // namespace berth::app
