#include "plugin/image_hold.h"

#include <signal.h>
#include <string.h>

#include <utility>

#include "plugin/thread_exits.h"

namespace berth::plugin {

namespace {

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> handled_signals(const ImageUse& image) {
  std::vector<std::string> signals;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    if (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN) continue;
    // One union of both kinds.
    const auto* const code = reinterpret_cast<const void*>(action.sa_handler);
    if (ImageUse::of_address(code).get() != &image) continue;
    const char* const name = ::sigabbrev_np(signal);
    signals.push_back(name == nullptr ? std::to_string(signal) : std::string("SIG") + name);
  }
  return signals;
}

}  // namespace

std::vector<ImageHold> holds_of(const ImageUse& image) {
  std::vector<ImageHold> holds;
  if (const std::size_t threads = image.threads(); threads > 0) {
    holds.push_back({"thread", list(image.thread_names()), threads});
  }
  if (const KeptExits kept = kept_exits(image); kept.destructors > 0) {
    holds.push_back({"thread_local",
                     "destructors on " + std::to_string(kept.threads) +
                         (kept.threads == 1 ? " thread" : " threads"),
                     kept.destructors});
  }
  if (const std::vector<std::string> signals = handled_signals(image); !signals.empty()) {
    holds.push_back({"signal handler", list(signals), signals.size()});
  }
  return holds;
}

std::string describe(const ImageHold& hold) {
  if (hold.kind == "image") return hold.what;
  if (hold.kind == "thread_local") {
    return std::to_string(hold.count) + " thread_local " + hold.what;
  }
  std::string text = std::to_string(hold.count) + " " + hold.kind + (hold.count == 1 ? "" : "s");
  if (!hold.what.empty()) text += " (" + hold.what + ")";
  return text;
}

}  // namespace berth::plugin
