// What a reload or a rollback did, or would do, and what the server is made of: plain values for
// the control socket, the log and the terminal. Nothing here acts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace berth::app {

// What became of one plugin.
enum class PluginOutcome : std::uint8_t {
  kLoaded,       // a new image: the file, or its `config:`, is another than before, or it is new
  kKept,         // the same image with the same configuration goes on
  kPinned,       // kept although its file changed: `berth plugin pin`
  kLastGood,     // its file failed and `on_failure: last-good` took the last image that served
  kClosed,       // its file failed; `on_failure: 503` or fallbacks answer in its place
  kQuarantined,  // it crashed too often: 503 or fallbacks answer in its place
  kFailed,       // refused, and the reload with it
  kRemoved,      // the new configuration does not name it any more
};

// "loaded", "kept", "pinned", "last-good", "503", "quarantined", "failed",
// "removed". Static storage.
[[nodiscard]] std::string_view text_of(PluginOutcome outcome) noexcept;

struct PluginReport {
  std::string alias = {};
  std::string file = {};  // as it was opened
  PluginOutcome outcome = PluginOutcome::kLoaded;
  std::string version = {};            // of its note; empty: not known
  std::string build_id = {};           // hexadecimal digits; empty: it has none
  std::string previous_build_id = {};  // of the image that served before; empty: there was none
  std::string reason = {};             // why it failed; else empty
  base::Duration took{};
  // Why its image may have to stay in memory when it is replaced; mostly none.
  std::vector<std::string> unload_blockers = {};
};

struct RouteChange {
  enum class Kind : std::uint8_t { kAdded, kRemoved, kChanged };
  Kind kind = Kind::kAdded;
  std::string pattern;
  // kChanged: the keys that differ, such as "handler", "config" or "plugin" (a new image serves
  // it); else empty.
  std::vector<std::string> what;
};

struct ReloadReport {
  bool done = false;     // it all took effect; with dry_run: it would
  bool dry_run = false;  // nothing was changed
  // Why not, in one line; empty if done.
  std::string refused;
  std::uint64_t generation = 0;  // that serves now; of a dry run that is done: that would
  std::uint64_t previous = 0;    // that served when it was asked for
  std::string origin;            // "start", "reload", "rollback to 3", "last good"
  std::vector<PluginReport> plugins;
  std::vector<RouteChange> routes;
  // Everything wrong and every warning, rendered as `berth validate` does, without colours.
  std::string diagnostics;
  base::Duration took{};
};

// Something that keeps a generation or an image from leaving.
struct Hold {
  // "request", "queued request", "hijacked connection"; "thread", "task", "thread_local",
  // "signal handler", "image".
  std::string kind;
  std::string plugin;  // alias; empty: not of one plugin
  std::string what;    // the route, the name of the thread, what keeps the image
  std::uint64_t count = 1;
  std::optional<base::Duration> age;  // of the oldest, where it is known
};

struct GenerationInfo {
  enum class State : std::uint8_t {
    kServing,
    kDraining,  // replaced; something of it still runs
    kStored,    // gone from memory; can be rolled back to
  };
  std::uint64_t number = 0;
  State state = State::kServing;
  std::string origin;             // see ReloadReport
  std::int64_t made_at = 0;       // seconds since the epoch
  bool can_roll_back_to = false;  // its configuration and images are kept
  std::vector<PluginReport> plugins;
  std::vector<Hold> holds;  // of one that is draining
};

// "serving", "draining", "stored". Static storage.
[[nodiscard]] std::string_view text_of(GenerationInfo::State state) noexcept;

struct PinInfo {
  std::string alias;
  std::string build_id;
};

// A route whose fallback answers.
struct FallbackInfo {
  std::string route;
  std::string handler;  // the fallback: "plugin.kind", or "plugin"
};

// A call of a handler that was reported because it does not return, and has not.
struct StuckCall {
  std::string plugin = {};      // alias; empty: its thread has not answered
  std::string route = {};       // likewise
  std::string request_id = {};  // of the response's X-Request-Id; empty: it has none
  std::int64_t thread = 0;
  base::Duration age{};
};

struct ServerStatus {
  std::string version;
  std::int64_t pid = 0;
  std::int64_t supervisor = 0;  // its pid; 0: there is none
  std::string standby;          // "starting", "ready"; empty: there is none
  std::string configuration;    // the file
  std::int64_t started_at = 0;  // seconds since the epoch
  bool stopping = false;
  // It was started with --last-good on an older generation, because of this; empty: it was not.
  std::string last_good_because;
  // Why the last reload or rollback was refused, if none took effect since: one line.
  std::string last_refused;
  GenerationInfo generation;  // that serves
  std::vector<GenerationInfo> draining;
  std::size_t routes = 0;
  std::vector<FallbackInfo> fallbacks;  // in the configuration's order
  std::vector<std::string> listeners;   // "public :8080"
  std::vector<PinInfo> pins;
  std::size_t retired_images = 0;  // that have not left the process for seconds
  std::uint64_t reloads = 0;       // that took effect since the start
  std::uint64_t reloads_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_failed = 0;  // answered 5xx
  std::size_t connections = 0;
  std::vector<StuckCall> stuck_calls;  // the oldest first
};

}  // namespace berth::app
