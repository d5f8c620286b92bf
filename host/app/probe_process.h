// The process in which a plugin is probed, from this end: `berth probe`. It may wait long before it
// is told what to look at: its start is what takes longest of a small plugin's probe.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string_view>

#include "app/probe_report.h"
#include "app/probe_task.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "config/environment.h"

namespace berth::app {

//   start()  waits  --tell()-->  looks at a plugin  --wait()-->  has ended
//
// Move-only; one thread at a time. It ends with the thread that has started it, and when this is
// destroyed. Of one that waits and dies tell() tells.
class ProbeProcess {
 public:
  // With these variables and no others.
  [[nodiscard]] static base::Result<ProbeProcess> start(const config::Environment& environment);
  ProbeProcess(const ProbeProcess&) = delete;
  ProbeProcess& operator=(const ProbeProcess&) = delete;
  ProbeProcess(ProbeProcess&& other) noexcept;
  ProbeProcess& operator=(ProbeProcess&& other) noexcept;
  ~ProbeProcess() noexcept;

  // Error: it has ended, or there is no memory for these bytes. Once.
  [[nodiscard]] base::Status<> tell(const ProbeTask& task, std::string_view recording,
                                    std::string_view image);
  // Its wait status; nothing if it was killed, at the deadline or as `aborted` said so, which is
  // asked now and then; empty: never. What it left running is killed, too. REQUIRES: it was told.
  [[nodiscard]] std::optional<int> wait(base::TimePoint deadline,
                                        const std::function<bool()>& aborted);
  // What it has said last.
  [[nodiscard]] ProbeState report() const;

 private:
  ProbeProcess() = default;
  // Kills what is left of it and its group; its wait status.
  int reap() noexcept;

  pid_t pid_ = -1;  // -1: none, or reaped
  base::Descriptor report_;
  base::Descriptor recording_;
  base::Descriptor image_;
  base::Descriptor task_;
};

}  // namespace berth::app
