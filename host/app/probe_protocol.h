// What a host and the process that starts its probes tell each other, over a socket that keeps
// messages apart; both of its ends include it.
//
//   host     -> starter   a ProbeTask and three descriptors
//   starter  -> host      the number of the process that looks at it, or kNoProbe
//   starter  -> host      its wait status, once it has ended; it is not waited for yet, so that its
//                         number, and its group's, is nobody else's
//   host     -> starter   kReap, when that number is not needed any more
#pragma once

#include <cstddef>
#include <string_view>

#include "base/limits.h"

namespace berth::app {

// The number by which the starter finds its end.
inline constexpr int kProbeSocket = 3;

// The descriptors of a task, in this order.
enum ProbeFile : std::size_t {
  kProbeReport = 0,     // probe_report.h
  kProbeRecording = 1,  // config::serialise()
  kProbeImage = 2,      // the bytes of the plugin's file
};
inline constexpr std::size_t kProbeFiles = 3;

inline constexpr std::string_view kNoProbe = "none";
inline constexpr std::string_view kReap = "reap";

// Of one message: two paths and a name.
inline constexpr std::size_t kMostOfTask = 16 * base::limits::kKiB;

}  // namespace berth::app
