#include "plugin/change_report.h"

#include <array>
#include <cstddef>

namespace berth::plugin {

void ChangeReport::tell(std::string_view during, const std::vector<ProcessState::Change>& changes) {
  std::string put_back;
  std::string left;
  for (const ProcessState::Change& change : changes) {
    if (!told_.insert(change.text).second) continue;
    std::string& list = change.put_back ? put_back : left;
    if (!list.empty()) list += "; ";
    list += change.text;
  }
  std::array<LogPair, 3> pairs{{{"while", during}}};
  std::size_t count = 1;
  if (!put_back.empty()) pairs[count++] = {"put_back", put_back};
  if (!left.empty()) pairs[count++] = {"left", left};
  if (count == 1) return;
  host_.log(LogLevel::kWarn, "the plugin changed what it shares with others",
            {pairs.data(), count});
}

}  // namespace berth::plugin
