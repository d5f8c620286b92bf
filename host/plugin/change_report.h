// Tells the log what a plugin has changed of the process's state, each thing once: a line for each
// call that changed something new. It finds nothing out itself.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/host_table.h"
#include "plugin/process_state.h"

namespace berth::plugin {

// One thread at a time.
class ChangeReport {
 public:
  // host: the plugin's; outlives the report.
  explicit ChangeReport(const HostTable& host) noexcept : host_(host) {}

  // during: "it was loaded".
  void tell(std::string_view during, const std::vector<ProcessState::Change>& changes);

 private:
  const HostTable& host_;
  std::set<std::string> told_;
};

}  // namespace berth::plugin
