// The generations that are kept on the disk, to be rolled back to or booted on: configuration and
// images as one unit. It keeps files; it loads and serves nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/stored_generation.h"
#include "base/result.h"
#include "config/recorded_files.h"

namespace berth::app {

// The bytes of an image by their digest.
struct ImageBytes {
  std::string sha256;
  std::string_view bytes;
};

struct KeptGeneration {
  StoredGeneration generation;
  config::Recording recording;
};

// An image that was kept, verified by its digest.
struct KeptImage {
  std::string path;
  std::string bytes;
};

//   <state>/images/<sha256>.so                          0500, shared by all generations
//   <state>/generations/lock                            held (flock) by who writes
//   <state>/generations/<name>/<number>/manifest.json   0600
//   <state>/generations/<name>/<number>/configuration   0600, a serialised Recording
//   <state>/generations/<name>/pins.json                0600
//   <state>/generations/<name>/crashes                  0600, CrashLedger's
//
// <name> stands for the configuration's path, made absolute by text alone: links in it may lead
// elsewhere after a deployment, and its history goes on. So servers with different configurations
// share a state folder and never see each other's generations; two that serve one file share one
// history. Whatever is there is whole: it was written aside, waited for and renamed, an image
// before who names it. All methods are safe in any thread and process at once; those that write
// wait for each other. An error changes nothing that was there, and leaves nothing that is not
// removed by the next writer; it is no reason for a reload to fail.
class GenerationStore {
 public:
  // Called before each step on the disk with its name: tests end the process there.
  using BeforeStep = std::function<void(std::string_view step)>;

  // Makes the folders where needed and removes what writers that died have left. `keep`: at least
  // 1. kPermission: a folder belongs to or may be written by others; else as the system says.
  [[nodiscard]] static base::Result<GenerationStore> open(const std::string& state,
                                                          const std::string& configuration,
                                                          std::uint64_t keep,
                                                          BeforeStep before_step = {});

  // Keeps a generation. `images` has the bytes of each plugin whose image is not kept yet; others
  // may be left out. kAlreadyInUse: the number is; kNotFound: bytes are missing; kCorrupt: they are
  // not those of their digest; kExhausted: the disk is full.
  [[nodiscard]] base::Status<> save(const StoredGeneration& generation,
                                    const config::Recording& recording,
                                    const std::vector<ImageBytes>& images) const;

  // <state>/generations/<name>, for what else is remembered of that configuration.
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

  // Newest first. Those that cannot be read any more are left out.
  [[nodiscard]] std::vector<StoredGeneration> list() const;
  // kNotFound: it is not kept; kCorrupt, kIncompatible: it is, and cannot be used.
  [[nodiscard]] base::Result<KeptGeneration> load(std::uint64_t number) const;
  // Whether all images of a generation are there; not whether they are intact.
  [[nodiscard]] bool has_images(const StoredGeneration& generation) const;
  // kNotFound: it is not kept; kCorrupt: other bytes than were saved.
  [[nodiscard]] base::Result<KeptImage> image(const std::string& sha256) const;
  // The highest number that was ever kept, as numbers go on after a restart; 0: none was.
  [[nodiscard]] std::uint64_t newest_number() const;

  // Removes one, for another says the same; it is no error if it is not there.
  [[nodiscard]] base::Status<> remove(std::uint64_t number) const;
  // Removes all but the newest `keep`, of which `serving` is one whatever its number is, and the
  // images that neither they, nor a pin, nor another configuration's need.
  [[nodiscard]] base::Status<> prune(std::uint64_t serving) const;

  // Pins of the configuration, by alias; one of that alias is replaced. kNotFound: the image is not
  // kept, or there is no pin of that alias.
  [[nodiscard]] base::Status<> pin(const Pin& pin) const;
  [[nodiscard]] base::Status<> unpin(const std::string& alias) const;
  // kCorrupt, kIncompatible: they cannot be read; until they are removed by hand, nothing is
  // pruned.
  [[nodiscard]] base::Result<std::vector<Pin>> pins() const;

 private:
  GenerationStore(std::string generations, std::string folder, std::string images,
                  std::uint64_t keep, BeforeStep before_step);

  void step(std::string_view name) const {
    if (before_step_) before_step_(name);
  }
  [[nodiscard]] std::string image_path(const std::string& sha256) const;
  [[nodiscard]] base::Status<> save_images(const StoredGeneration& generation,
                                           const std::vector<ImageBytes>& images) const;
  [[nodiscard]] base::Status<> write_folder(const std::string& aside,
                                            const StoredGeneration& generation,
                                            const config::Recording& recording) const;
  [[nodiscard]] base::Status<> write_pins(const std::vector<Pin>& pins) const;
  // REQUIRES of all: the lock is held.
  [[nodiscard]] base::Status<> remove_folder(std::uint64_t number) const;
  void remove_leftovers() const;
  [[nodiscard]] base::Status<> remove_images() const;

  std::string generations_;  // <state>/generations
  std::string folder_;       // <state>/generations/<name>
  std::string images_;       // <state>/images
  std::uint64_t keep_;
  BeforeStep before_step_;
};

}  // namespace berth::app
