#include "app/generation_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "base/descriptor.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/whole_file.h"

namespace berth::app {

namespace {

using base::Descriptor;
using base::ErrorCode;
using base::fail;

constexpr std::string_view kManifest = "/manifest.json";
constexpr std::string_view kRecording = "/configuration";
constexpr std::string_view kPins = "/pins.json";
constexpr std::string_view kImageEnd = ".so";
// A manifest and pins: names of some thousand plugins. A recording: the texts of a configuration,
// of which the last one may be too much, their names and the answers to patterns.
constexpr std::uint64_t kJsonBytes = 4 * base::limits::kMiB;
constexpr std::uint64_t kRecordingBytes = 4 * base::limits::kConfigFile;

std::string digest_of(std::string_view bytes) {
  base::Sha256 sha256;
  sha256.add(bytes);
  return base::hexadecimal(sha256.finish());
}

// kNotFound: there is no such folder.
base::Result<std::vector<std::string>> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) return fail(base::system_error(error.value(), "cannot read folder " + folder));
  return names;
}

std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || name.starts_with('0')) return {};
  return number;
}

// Newest first; kNotFound: there is no such folder.
base::Result<std::vector<std::uint64_t>> numbers_in(const std::string& folder) {
  const auto names = names_in(folder);
  if (!names) return fail(names.error());
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names) {
    if (const auto number = number_of(name)) numbers.push_back(*number);
  }
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

// What `result` has, or nothing where it has failed.
template <class T>
T or_none(base::Result<T> result) {
  return result ? std::move(*result) : T();
}

base::Result<Manifest> read_manifest(const std::string& folder) {
  auto text = base::read_private_file(folder + std::string(kManifest), kJsonBytes);
  if (!text) return fail(std::move(text).error());
  auto manifest = parse_manifest(*text);
  if (manifest) return manifest;
  return fail(manifest.error().code, "cannot use " + folder + ": " + manifest.error().text);
}

base::Result<std::vector<Pin>> read_pins(const std::string& folder) {
  const std::string path = folder + std::string(kPins);
  auto text = base::read_private_file(path, kJsonBytes);
  if (!text) {
    if (text.error().code == ErrorCode::kNotFound) return std::vector<Pin>();
    return fail(std::move(text).error());
  }
  auto pins = parse_pins(*text);
  if (pins) return pins;
  return fail(pins.error().code, "cannot use " + path + ": " + pins.error().text);
}

// Adds the digests that the generations and pins of one configuration name. An error: not all of
// them could be told. A generation that is damaged names none: nobody can go back to it.
base::Status<> add_needed(const std::string& folder, std::set<std::string>& needed) {
  const auto numbers = numbers_in(folder);
  if (!numbers) {
    if (numbers.error().code == ErrorCode::kNotFound) return base::done();  // no folder: the lock
    return fail(numbers.error());
  }
  const auto pins = read_pins(folder);
  if (!pins) return fail(pins.error());
  for (const Pin& pin : *pins) needed.insert(pin.sha256);
  for (const std::uint64_t number : *numbers) {
    const auto manifest = read_manifest(folder + "/" + std::to_string(number));
    if (manifest) {
      for (const StoredPlugin& plugin : manifest->generation.plugins) needed.insert(plugin.sha256);
    } else if (manifest.error().code != ErrorCode::kCorrupt &&
               manifest.error().code != ErrorCode::kNotFound) {
      return fail(manifest.error());
    }
  }
  return base::done();
}

void remove_all(const std::string& path) noexcept {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

base::Result<Descriptor> take_lock(const std::string& generations) {
  const std::string path = generations + "/lock";
  Descriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(base::system_error(errno, "cannot open " + path));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(base::system_error(errno, "cannot lock " + path));
  }
  return lock;
}

}  // namespace

base::Result<GenerationStore> GenerationStore::open(const std::string& state,
                                                    const std::string& configuration,
                                                    std::uint64_t keep, BeforeStep before_step) {
  assert(keep >= 1);
  const std::string generations = state + "/generations";
  const std::string images = state + "/images";
  std::error_code error;
  const auto absolute = std::filesystem::absolute(configuration, error).lexically_normal().string();
  if (error) return fail(base::system_error(error.value(), "cannot find the current folder"));
  const std::string folder = generations + "/" + digest_of(absolute).substr(0, 16);
  for (const std::string& path : {generations, folder, images}) {
    if (auto made = base::make_private_folder(path); !made) return fail(std::move(made).error());
  }
  GenerationStore store(generations, folder, images, keep, std::move(before_step));
  const auto lock = take_lock(generations);
  if (!lock) return fail(lock.error());
  store.remove_leftovers();
  return store;
}

GenerationStore::GenerationStore(std::string generations, std::string folder, std::string images,
                                 std::uint64_t keep, BeforeStep before_step)
    : generations_(std::move(generations)),
      folder_(std::move(folder)),
      images_(std::move(images)),
      keep_(keep),
      before_step_(std::move(before_step)) {}

std::string GenerationStore::image_path(const std::string& sha256) const {
  return images_ + "/" + sha256 + std::string(kImageEnd);
}

// Whoever holds the lock is the only writer: what is not whole is nobody's any more.
void GenerationStore::remove_leftovers() const {
  for (const std::string& folder : {folder_, images_}) {
    for (const std::string& name : or_none(names_in(folder))) {
      if (name.starts_with(base::kNewPrefix)) remove_all(folder + "/" + name);
    }
  }
}

base::Status<> GenerationStore::save(const StoredGeneration& generation,
                                     const config::Recording& recording,
                                     const std::vector<ImageBytes>& images) const {
  const auto lock = take_lock(generations_);
  if (!lock) return fail(lock.error());
  remove_leftovers();
  const std::string number = std::to_string(generation.number);
  const std::string path = folder_ + "/" + number;
  if (::access(path.c_str(), F_OK) == 0) {
    return fail(ErrorCode::kAlreadyInUse, "generation " + number + " is kept already");
  }
  if (auto saved = save_images(generation, images); !saved) return saved;
  const std::string aside = folder_ + "/" + std::string(base::kNewPrefix) + number;
  auto written = write_folder(aside, generation, recording);
  if (written) {
    step("rename");
    if (::rename(aside.c_str(), path.c_str()) != 0) {
      written = fail(base::system_error(errno, "cannot rename " + aside + " to " + path));
    }
  }
  if (!written) {
    remove_all(aside);
    return written;
  }
  step("sync");
  return base::sync_folder(folder_);
}

base::Status<> GenerationStore::save_images(const StoredGeneration& generation,
                                            const std::vector<ImageBytes>& images) const {
  for (const StoredPlugin& plugin : generation.plugins) {
    assert(is_sha256(plugin.sha256));
    const std::string path = image_path(plugin.sha256);
    // What is there may have been damaged since: it is written anew if the bytes are at hand.
    const auto given =
        std::find_if(images.begin(), images.end(),
                     [&plugin](const ImageBytes& image) { return image.sha256 == plugin.sha256; });
    if (image(plugin.sha256).ok()) continue;
    if (given == images.end()) {
      return fail(ErrorCode::kNotFound, "the image of plugin " + plugin.alias + " is not kept");
    }
    if (digest_of(given->bytes) != given->sha256) {
      return fail(ErrorCode::kCorrupt,
                  "the image of plugin " + plugin.alias + " is not the one that was verified");
    }
    step("image");
    if (auto written = base::replace_file(path, given->bytes, 0500); !written) return written;
  }
  return base::done();
}

base::Status<> GenerationStore::write_folder(const std::string& aside,
                                             const StoredGeneration& generation,
                                             const config::Recording& recording) const {
  step("folder");
  if (::mkdir(aside.c_str(), 0700) != 0) {
    return fail(base::system_error(errno, "cannot make folder " + aside));
  }
  const std::string bytes = config::serialise(recording);
  step("configuration");
  if (auto written = base::write_new_file(aside + std::string(kRecording), bytes, 0600); !written) {
    return written;
  }
  step("manifest");
  const std::string manifest = manifest_text({generation, digest_of(bytes)});
  if (auto written = base::write_new_file(aside + std::string(kManifest), manifest, 0600);
      !written) {
    return written;
  }
  return base::sync_folder(aside);
}

std::vector<StoredGeneration> GenerationStore::list() const {
  std::vector<StoredGeneration> generations;
  for (const std::uint64_t number : or_none(numbers_in(folder_))) {
    auto manifest = read_manifest(folder_ + "/" + std::to_string(number));
    if (manifest && manifest->generation.number == number) {
      generations.push_back(std::move(manifest->generation));
    }
  }
  return generations;
}

base::Result<KeptGeneration> GenerationStore::load(std::uint64_t number) const {
  const std::string folder = folder_ + "/" + std::to_string(number);
  auto manifest = read_manifest(folder);
  if (!manifest) {
    if (manifest.error().code != ErrorCode::kNotFound) return fail(std::move(manifest).error());
    return fail(ErrorCode::kNotFound, "generation " + std::to_string(number) + " is not kept");
  }
  const std::string path = folder + std::string(kRecording);
  const auto bytes = base::read_private_file(path, kRecordingBytes);
  if (!bytes) return fail(bytes.error());
  if (manifest->generation.number != number || digest_of(*bytes) != manifest->recording_sha256) {
    return fail(ErrorCode::kCorrupt, "cannot use " + folder + ": it is damaged");
  }
  auto recording = config::parse_recording(*bytes);
  if (!recording) return fail(std::move(recording).error());
  return KeptGeneration{std::move(manifest->generation), std::move(*recording)};
}

bool GenerationStore::has_images(const StoredGeneration& generation) const {
  return std::all_of(generation.plugins.begin(), generation.plugins.end(),
                     [this](const StoredPlugin& plugin) {
                       return ::access(image_path(plugin.sha256).c_str(), R_OK) == 0;
                     });
}

base::Result<KeptImage> GenerationStore::image(const std::string& sha256) const {
  KeptImage image{.path = image_path(sha256), .bytes = {}};
  auto bytes = base::read_private_file(image.path, base::limits::kPluginFile);
  if (!bytes) return fail(std::move(bytes).error());
  image.bytes = std::move(*bytes);
  if (digest_of(image.bytes) == sha256) return image;
  return fail(ErrorCode::kCorrupt, image.path + " is damaged: its bytes are not those of its name");
}

std::uint64_t GenerationStore::newest_number() const {
  const std::vector<std::uint64_t> numbers = or_none(numbers_in(folder_));
  return numbers.empty() ? 0 : numbers.front();
}

base::Status<> GenerationStore::remove_folder(std::uint64_t number) const {
  step("remove");
  // Renamed first: half of a generation must not look like one.
  const std::string path = folder_ + "/" + std::to_string(number);
  const std::string aside = folder_ + "/" + std::string(base::kNewPrefix) + std::to_string(number);
  if (::rename(path.c_str(), aside.c_str()) != 0) {
    return fail(base::system_error(errno, "cannot remove " + path));
  }
  step("remove half");
  remove_all(aside);
  return base::done();
}

base::Status<> GenerationStore::remove(std::uint64_t number) const {
  const auto lock = take_lock(generations_);
  if (!lock) return fail(lock.error());
  auto removed = remove_folder(number);
  if (!removed && removed.error().code == ErrorCode::kNotFound) return base::done();
  return removed;
}

base::Status<> GenerationStore::prune(std::uint64_t serving) const {
  const auto lock = take_lock(generations_);
  if (!lock) return fail(lock.error());
  remove_leftovers();
  const auto numbers = numbers_in(folder_);
  if (!numbers) return fail(numbers.error());
  std::uint64_t kept = 1;  // that serves, though it may not be there
  for (const std::uint64_t number : *numbers) {
    if (number == serving || kept++ < keep_) continue;
    if (auto removed = remove_folder(number); !removed) return removed;
  }
  return remove_images();
}

base::Status<> GenerationStore::remove_images() const {
  const auto folders = names_in(generations_);
  if (!folders) return fail(folders.error());
  std::set<std::string> needed;
  for (const std::string& name : *folders) {
    if (auto added = add_needed(generations_ + "/" + name, needed); !added) return added;
  }
  for (const std::string& name : or_none(names_in(images_))) {
    if (!name.ends_with(kImageEnd)) continue;
    if (needed.contains(name.substr(0, name.size() - kImageEnd.size()))) continue;
    step("remove image");
    if (::unlink((images_ + "/" + name).c_str()) != 0 && errno != ENOENT) {
      return fail(base::system_error(errno, "cannot remove " + images_ + "/" + name));
    }
  }
  return base::done();
}

base::Status<> GenerationStore::pin(const Pin& pin) const {
  const auto lock = take_lock(generations_);
  if (!lock) return fail(lock.error());
  if (auto kept = image(pin.sha256); !kept) return fail(std::move(kept).error());
  auto pins = this->pins();
  if (!pins) return fail(std::move(pins).error());
  std::erase_if(*pins, [&pin](const Pin& other) { return other.alias == pin.alias; });
  pins->push_back(pin);
  return write_pins(*pins);
}

base::Status<> GenerationStore::unpin(const std::string& alias) const {
  const auto lock = take_lock(generations_);
  if (!lock) return fail(lock.error());
  auto pins = this->pins();
  if (!pins) return fail(std::move(pins).error());
  if (std::erase_if(*pins, [&alias](const Pin& pin) { return pin.alias == alias; }) == 0) {
    return fail(ErrorCode::kNotFound, "plugin " + alias + " is not pinned");
  }
  return write_pins(*pins);
}

base::Result<std::vector<Pin>> GenerationStore::pins() const { return read_pins(folder_); }

base::Status<> GenerationStore::write_pins(const std::vector<Pin>& pins) const {
  step("pins");
  return base::replace_file(folder_ + std::string(kPins), pins_text(pins), 0600);
}

}  // namespace berth::app
