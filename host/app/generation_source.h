// Where a generation comes from: the files as they are now, or one that was kept. And how one is
// kept. It builds none.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "app/generation.h"
#include "app/generation_store.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/environment.h"
#include "config/load.h"
#include "config/recorded_files.h"
#include "observe/log.h"

namespace berth::app {

// A configuration that was read, with what reading it read.
struct GenerationSource {
  config::Recording recording;
  config::Loaded loaded;
  std::string origin = "reload";
  // Of one that served before and goes on: its number, and when it was made, in seconds since the
  // epoch. 0: it gets a number of its own.
  std::uint64_t number = 0;
  std::int64_t made_at = 0;
  // See BuildOptions.
  std::function<std::optional<std::string>(const config::Plugin&)> image_of = {};
};

// From the disk. One thread.
[[nodiscard]] GenerationSource read_files(const std::string& file,
                                          const config::Environment& environment);
// A generation that is kept: its configuration as it was, and its images, which are verified.
[[nodiscard]] base::Result<GenerationSource> read_kept(const GenerationStore& store,
                                                       std::uint64_t number,
                                                       const config::Environment& environment);
// The same as the one that goes on, with its number and origin.
[[nodiscard]] base::Result<GenerationSource> read_again(const GenerationStore& store,
                                                        std::uint64_t number,
                                                        const config::Environment& environment);

// Files of the images that are pinned, by alias; one that cannot be had is left out, with a line in
// the log.
[[nodiscard]] std::map<std::string, std::string> pinned_files(const GenerationStore& store,
                                                              observe::Log& log);
// The image of that alias in the newest generation that is kept; nothing: there is none.
[[nodiscard]] std::optional<std::string> newest_image(const GenerationStore& store,
                                                      const std::string& alias);

// Keeps a generation that serves, and removes what is too old. made_at: seconds since the epoch.
[[nodiscard]] base::Status<> keep_generation(const GenerationStore& store, Generation& generation,
                                             const config::Recording& recording,
                                             std::int64_t made_at);

}  // namespace berth::app
