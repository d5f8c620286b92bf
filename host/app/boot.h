// The first generation of a server: what the files say, or with --last-good the newest one that is
// kept and still fits. It opens no socket.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/crash_ledger.h"
#include "app/generation_attempt.h"
#include "app/generation_source.h"
#include "app/generation_store.h"
#include "app/reloader.h"
#include "base/clock.h"
#include "config/diagnostic.h"
#include "config/environment.h"
#include "observe/log.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"

namespace berth::app {

// Outlives the call; context and sink the generation, too.
struct BootOptions {
  const config::Environment& environment;
  const plugin::LoadContext& context;
  plugin::LogSink& sink;
  observe::Log& log;
  const base::Clock& clock;
  const GenerationStore* store = nullptr;  // null: nothing is kept
  const CrashLedger* crashes = nullptr;    // null: nothing is remembered
  bool last_good = false;
};

// What the files say, if they can be read; else, with last_good, the newest generation that is kept
// and can be read. Nothing: neither; then everything wrong with the files is in `source`.
// `because`: why it is an older one, else empty.
[[nodiscard]] bool choose_source(GenerationSource& source, const GenerationStore* store,
                                 bool last_good, const config::Environment& environment,
                                 std::string& because);

// Tries one generation after the other until one has started. One thread.
//
//   while (auto first = boot.next()) {
//     open what it needs
//     if (boot.start(*first)) break;
//   }
class Boot {
 public:
  // `source` is what choose_source() chose, and `because` what it said; both outlive it.
  Boot(GenerationSource& source, std::string because, const BootOptions& options);
  Boot(const Boot&) = delete;
  Boot& operator=(const Boot&) = delete;
  ~Boot() = default;

  // The next one that can be built: without what failed before, where on_failure allows that; then
  // with last_good the kept ones, the newest first. Nothing: none is left; everything wrong with
  // the files is in source.loaded.diagnostics.
  [[nodiscard]] std::optional<FirstGeneration> next();
  // Starts its plugins. False: one failed, and those before it are stopped; the generation is gone,
  // so nothing may serve it any more.
  [[nodiscard]] bool start(FirstGeneration& first);
  // What is wrong with the one that was tried last.
  [[nodiscard]] const config::Diagnostics& diagnostics() const noexcept;
  // Lets go of what was loaded for tries that failed. False: a task of a plugin still runs, so that
  // only _exit() can leave the process.
  [[nodiscard]] bool take_down() noexcept;

 private:
  // The one that is tried is kept under its number already.
  [[nodiscard]] bool goes_on() const noexcept { return !older_ && source_.number != 0; }
  [[nodiscard]] std::unique_ptr<Generation> build();
  // Takes note of what failed. Whether the same source can be tried again.
  [[nodiscard]] bool reject(Attempt failed);
  // To the newest kept generation that was not tried. False: there is none.
  [[nodiscard]] bool fall_back();

  GenerationSource& source_;
  std::string because_;
  const BootOptions options_;
  const std::uint64_t number_;
  std::vector<StoredGeneration> kept_;     // that can still be tried, the newest at the end
  std::optional<GenerationSource> older_;  // that is tried now, in place of source_
  config::Diagnostics before_;             // of the source that is tried, before any try
  FailedPlugins failed_;                   // of the same
  bool exhausted_ = false;                 // it failed in a way that another try would, too
  std::vector<Generation::Released> left_;
};

}  // namespace berth::app
