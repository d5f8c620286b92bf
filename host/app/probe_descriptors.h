// The numbers by which a probe finds what it inherits; both of its ends include them.
#pragma once

namespace berth::app {

inline constexpr int kProbeReport = 3;     // probe_report.h
inline constexpr int kProbeRecording = 4;  // config::serialise()
inline constexpr int kProbeImage = 5;      // the bytes of the plugin's file
inline constexpr int kProbeTask = 6;       // a socket: probe_task.h, and then its end

}  // namespace berth::app
