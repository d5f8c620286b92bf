#include "app/generation_source.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "config/disk_files.h"
#include "plugin/file_check.h"
#include "plugin/file_trust.h"
#include "plugin/plugin_file.h"

namespace berth::app {

namespace {

bool same_plugins(const StoredGeneration& one, const StoredGeneration& other) {
  return std::equal(one.plugins.begin(), one.plugins.end(), other.plugins.begin(),
                    other.plugins.end(), [](const StoredPlugin& a, const StoredPlugin& b) {
                      return a.alias == b.alias && a.sha256 == b.sha256;
                    });
}

// Empty: it is not there any more, or is another one by now.
std::string deployed_bytes(const plugin::Plugin& plugin) {
  auto file = plugin::read_plugin_file(plugin.path(), plugin::process_policy(false));
  if (!file || plugin::digest_of(*file) != plugin.image().digest()) return {};
  return std::move(file->bytes);
}

}  // namespace

GenerationSource read_files(const std::string& file, const config::Environment& environment) {
  config::DiskFiles disk;
  config::RecordedFiles files(disk);
  config::Loaded loaded = config::load(file, files, environment);
  return GenerationSource{.recording = files.recording(), .loaded = std::move(loaded)};
}

base::Result<GenerationSource> read_kept(const GenerationStore& store, std::uint64_t number,
                                         const config::Environment& environment) {
  auto kept = store.load(number);
  if (!kept) return base::fail(std::move(kept).error());
  config::ReplayedFiles files(kept->recording);
  config::Loaded loaded = config::load(kept->generation.configuration, files, environment);
  const auto images = std::make_shared<std::map<std::string, std::string>>();
  for (const StoredPlugin& plugin : kept->generation.plugins) {
    auto image = store.image(plugin.sha256);
    if (!image) {
      return base::fail(image.error().code,
                        "plugin \"" + plugin.alias + "\": " + image.error().text);
    }
    images->emplace(plugin.alias, std::move(image->path));
  }
  return GenerationSource{.recording = std::move(kept->recording),
                          .loaded = std::move(loaded),
                          .image_of = [images](const config::Plugin& plugin) {
                            const auto found = images->find(plugin.alias);
                            return found == images->end() ? std::nullopt
                                                          : std::optional(found->second);
                          }};
}

base::Result<GenerationSource> read_again(const GenerationStore& store, std::uint64_t number,
                                          const config::Environment& environment) {
  auto source = read_kept(store, number, environment);
  if (!source) return source;
  for (const StoredGeneration& stored : store.list()) {
    if (stored.number != number) continue;
    source->number = number;
    source->origin = stored.origin;
    source->made_at = stored.made_at;
    return source;
  }
  return base::fail(base::ErrorCode::kNotFound, "it is kept no more");
}

std::map<std::string, std::string> pinned_files(const GenerationStore& store, observe::Log& log) {
  std::map<std::string, std::string> files;
  const auto pins = store.pins();
  if (!pins) {
    log.error("pins are not heeded: they cannot be read", {{"error", pins.error().text}});
    return files;
  }
  for (const Pin& pin : *pins) {
    auto image = store.image(pin.sha256);
    if (image) {
      files.emplace(pin.alias, std::move(image->path));
    } else {
      log.error("a pin is not heeded: its image cannot be had",
                {{"plugin", pin.alias}, {"error", image.error().text}});
    }
  }
  return files;
}

std::optional<std::string> newest_image(const GenerationStore& store, const std::string& alias) {
  for (const StoredGeneration& generation : store.list()) {
    for (const StoredPlugin& plugin : generation.plugins) {
      if (plugin.alias != alias) continue;
      if (auto image = store.image(plugin.sha256)) return std::move(image->path);
    }
  }
  return std::nullopt;
}

base::Status<> keep_generation(const GenerationStore& store, Generation& generation,
                               const config::Recording& recording, std::int64_t made_at) {
  StoredGeneration stored;
  stored.number = generation.number();
  stored.origin = generation.origin();
  stored.made_at = made_at;
  stored.configuration = generation.configuration().file;
  const std::vector<std::string> bytes = generation.take_bytes();
  std::vector<ImageBytes> images;
  std::deque<std::string> again;
  for (std::size_t i = 0; i < generation.plugins().size(); ++i) {
    const auto& plugin = generation.plugins()[i];
    if (!plugin) continue;
    const plugin::Image& image = plugin->image();
    stored.plugins.push_back({.alias = plugin->alias(),
                              .file = plugin->path(),
                              .sha256 = image.digest(),
                              .build_id = image.build_id(),
                              .version = plugin->note().version});
    if (i < bytes.size() && !bytes[i].empty()) {
      images.push_back({image.digest(), bytes[i]});
    } else if (!store.image(image.digest())) {
      // An earlier attempt failed, or somebody removed it: it may still be where it was deployed.
      again.push_back(deployed_bytes(*plugin));
      images.push_back({image.digest(), again.back()});
    }
  }
  if (auto status = store.save(stored, recording, images); !status) return status;
  // Of generations that say the same the newest is enough: a restart, or a reload of nothing new,
  // must not push those out that one would go back to.
  for (const StoredGeneration& older : store.list()) {
    if (older.number >= stored.number) continue;
    const auto kept = store.load(older.number);
    if (kept && same_plugins(kept->generation, stored) && kept->recording == recording) {
      if (auto removed = store.remove(older.number); !removed) return removed;
    }
  }
  return store.prune(stored.number);
}

}  // namespace berth::app
