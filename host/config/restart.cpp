#include "config/restart.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <string>
#include <utility>

#include "config/dump.h"
#include "config/printable.h"

namespace berth::config {

namespace {

// Everything in these is made anew for each generation.
constexpr std::array<std::string_view, 6> kReloadedSections{
    "include", "plugins", "plugin_permissions", "quarantine", "recycle", "routes"};
// Read whenever a generation is built, a stop begins or a handler crashes, and by nothing that
// connections keep.
constexpr std::array<std::string_view, 7> kReloadedKeys{
    "on_crash",       "limits.body",      "timeouts.drain",    "timeouts.drain_delay",
    "timeouts.probe", "timeouts.handler", "timeouts.shutdown",
};

// A key whose default follows another: named alone it would be news to who never wrote it.
struct Follower {
  std::string_view key;
  std::string_view of;
};
constexpr std::array<Follower, 2> kFollowers{{
    {"limits.client_waits", "limits.threads"},
    {"limits.target", "limits.header_block"},
}};

constexpr std::string_view kHelp =
    "`berth upgrade` takes it, as a restart does; or put it back to reload what else has changed";

// Files of the server belong to the one there was.
constexpr std::string_view kHelpForUser =
    "a restart takes it; or put it back to reload what else has changed";

template <class Range>
bool contains(const Range& range, std::string_view text) noexcept {
  return std::find(range.begin(), range.end(), text) != range.end();
}

base::SourcePosition place_of(const Configuration& configuration, std::string_view key) {
  for (const std::string_view at : {key, key.substr(0, key.find('.'))}) {
    const auto found = configuration.places.find(at);
    if (found != configuration.places.end()) return found->second;
  }
  return {configuration.file, 0, 0};
}

const Listener* find(const std::vector<Listener>& listeners, std::string_view name) noexcept {
  const auto found =
      std::find_if(listeners.begin(), listeners.end(),
                   [name](const Listener& listener) { return listener.name == name; });
  return found == listeners.end() ? nullptr : &*found;
}

Diagnostic finding(base::SourcePosition position, std::string what) {
  return {std::move(position), std::move(what), {}, std::string(kHelp)};
}

void compare_listeners(const Configuration& running, const Configuration& next,
                       std::vector<Diagnostic>& findings) {
  for (const Listener& listener : next.listeners) {
    const Listener* const before = find(running.listeners, listener.name);
    if (before == nullptr) {
      findings.push_back(
          finding(listener.position, "a reload cannot open the listener " + quote(listener.name)));
    } else if (dump(*before) != dump(listener)) {
      findings.push_back(finding(listener.position,
                                 "a reload cannot change the listener " + quote(listener.name)));
    }
  }
  for (const Listener& listener : running.listeners) {
    if (find(next.listeners, listener.name) != nullptr) continue;
    findings.push_back(finding(place_of(next, "listen"),
                               "a reload cannot close the listener " + quote(listener.name)));
  }
}

}  // namespace

Takes takes(std::string_view key) noexcept {
  const std::string_view section = key.substr(0, key.find_first_of(".["));
  return contains(kReloadedSections, section) || contains(kReloadedKeys, key) ? Takes::kReload
                                                                              : Takes::kRestart;
}

std::vector<Diagnostic> restart_findings(const Configuration& running, const Configuration& next) {
  std::vector<Diagnostic> findings;
  compare_listeners(running, next, findings);
  const KeyValues before = dump_values(running);
  const KeyValues after = dump_values(next);
  assert(before.size() == after.size());
  std::vector<std::string_view> changed;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto& [key, value] = after[i];
    if (before[i].second == value || takes(key) == Takes::kReload) continue;
    changed.push_back(key);
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    const auto& [key, value] = after[i];
    if (!contains(changed, key)) continue;
    const auto follower =
        std::find_if(kFollowers.begin(), kFollowers.end(),
                     [&key = key](const Follower& candidate) { return candidate.key == key; });
    if (follower != kFollowers.end() && !next.places.contains(key) &&
        contains(changed, follower->of)) {
      continue;
    }
    const auto text = [](const std::string& shown) {
      return shown.empty() ? std::string("its default") : shown;
    };
    findings.push_back(finding(place_of(next, key), "a reload cannot change `" + key + "` from " +
                                                        text(before[i].second) + " to " +
                                                        text(value)));
    if (key == "user") findings.back().help = kHelpForUser;
  }
  return findings;
}

}  // namespace berth::config
