#include "app/reload_report.h"

namespace berth::app {

std::string_view text_of(PluginOutcome outcome) noexcept {
  switch (outcome) {
    case PluginOutcome::kLoaded:
      return "loaded";
    case PluginOutcome::kKept:
      return "kept";
    case PluginOutcome::kPinned:
      return "pinned";
    case PluginOutcome::kLastGood:
      return "last-good";
    case PluginOutcome::kClosed:
      return "503";
    case PluginOutcome::kQuarantined:
      return "quarantined";
    case PluginOutcome::kFailed:
      return "failed";
    case PluginOutcome::kRemoved:
      break;
  }
  return "removed";
}

std::string_view text_of(GenerationInfo::State state) noexcept {
  switch (state) {
    case GenerationInfo::State::kServing:
      return "serving";
    case GenerationInfo::State::kDraining:
      return "draining";
    case GenerationInfo::State::kStored:
      break;
  }
  return "stored";
}

}  // namespace berth::app
