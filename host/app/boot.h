// The first generation of a server: what the files say, or with --last-good the newest one that is
// kept and still fits. It opens no socket and starts nothing.
#pragma once

#include <optional>
#include <string>

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
  bool last_good = false;
};

// What the files say, if they can be read; else, with last_good, the newest generation that is kept
// and can be read. Nothing: neither; then everything wrong with the files is in `source`.
// `because`: why it is an older one, else empty.
[[nodiscard]] bool choose_source(GenerationSource& source, const GenerationStore* store,
                                 bool last_good, const config::Environment& environment,
                                 std::string& because);

// Builds what choose_source() chose; with last_good, where that fails, the newest generation that
// can be built. Nothing: none can; everything wrong is in source.loaded.diagnostics.
[[nodiscard]] std::optional<FirstGeneration> boot(GenerationSource& source, std::string because,
                                                  const BootOptions& options);

}  // namespace berth::app
