// One loaded private copy of a plugin: its code in this process, its table and what its note says.
// It makes no handlers; Plugin does.
#pragma once

#include <berth/abi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "plugin/host_libraries.h"
#include "plugin/image_hold.h"
#include "plugin/image_use.h"
#include "plugin/plugin_check.h"
#include "plugin/plugin_file.h"
#include "plugin/plugin_note.h"
#include "plugin/private_copy.h"
#include "plugin/private_folder.h"
#include "plugin/process_state.h"

namespace berth::plugin {

// What every load needs; made once at start, before any plugin, and outlives them all.
struct LoadContext {
  PrivateFolder& folder;
  HostLibraries libraries = HostLibraries::snapshot();
  HostIdentity host = this_host();
};

// Whether an image is gone from the process, and if not, what is known to keep it.
struct UnloadResult {
  bool left = false;
  std::vector<ImageHold> holds;  // none if it left
  // The same in one line; empty if it left.
  [[nodiscard]] std::string why() const;
};

// Whom logs and reports name; empty alias: the plugin's own name.
struct ImageOwner {
  std::string alias = {};
  std::uint64_t generation = 0;
};

class Image {
 public:
  // Checks the file and the trust in it, writes the private copy, loads that (never the deployed
  // path; RTLD_NOW|RTLD_LOCAL) and checks its table. Errors are those of check_trust(),
  // check_plugin(), HostLibraries::check(), PrivateCopy::write(), and: kNotFound for a missing
  // symbol or library, kIncompatible for a table that contradicts the note, kInvalidArgument for a
  // throwing constructor. After the last one glibc's loader lock is never released: the process can
  // load nothing more from other threads and should end. Texts do not begin with the path. On
  // control threads only.
  [[nodiscard]] static base::Result<std::unique_ptr<Image>> load(const PluginFile& file,
                                                                 const LoadContext& context,
                                                                 const ImageOwner& owner = {});

  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  // unload() if it is still there. What does not leave then stays mapped as long as the process,
  // and so does its private copy.
  ~Image() noexcept;

  // Runs the calling thread's thread_local destructors of it, asks other threads to do so when they
  // are visited (visit_thread()), and, if nothing holds it any more, closes it and looks whether it
  // is really gone. If not, it can be tried again: a thread may end later. REQUIRES: nobody calls
  // into it any more, and the caller is in no call into a plugin. One thread at a time.
  UnloadResult unload() noexcept;
  // What holds it at this moment; a thread of its own may come and go.
  [[nodiscard]] std::vector<ImageHold> holds() const;

  // Whose threads and thread_local objects are counted. As long as the image.
  [[nodiscard]] ImageUse& use() const noexcept { return *use_; }
  // See unload_blockers().
  [[nodiscard]] const std::vector<std::string>& unload_blockers() const noexcept {
    return blockers_;
  }

  // What its constructors, those of its libraries, its entry and its kind() changed of the process.
  [[nodiscard]] const std::vector<ProcessState::Change>& changes() const noexcept {
    return changes_;
  }

  // As long as the image is loaded.
  [[nodiscard]] const berth_plugin& table() const noexcept { return *table_; }
  [[nodiscard]] const PluginNote& note() const noexcept { return note_; }
  // Of handlers and of middleware, in the plugin's order; copies.
  [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return kinds_; }
  [[nodiscard]] const std::vector<std::string>& middleware_kinds() const noexcept {
    return middleware_kinds_;
  }
  [[nodiscard]] const std::string& build_id() const noexcept { return build_id_; }
  [[nodiscard]] const std::string& digest() const noexcept { return copy_.digest(); }
  // The path it is mapped from.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  Image(PrivateCopy copy, PluginNote note, const ElfFile& file, const ImageOwner& owner);

  // Maps it and has it name its kinds: the first code of it that runs.
  [[nodiscard]] base::Status<> introduce(const ElfFile& file, const HostIdentity& host);
  [[nodiscard]] base::Status<> open(const ElfFile& file);
  [[nodiscard]] base::Status<> read_table(const HostIdentity& host);
  [[nodiscard]] base::Status<> read_kinds();
  // Half-initialised and mapped for good.
  void stay() noexcept;
  // Nothing of it is mapped any more.
  UnloadResult forget() noexcept;

  PrivateCopy copy_;
  std::string path_;
  PluginNote note_;
  std::string build_id_;
  std::vector<std::string> blockers_;
  std::shared_ptr<ImageUse> use_;
  std::vector<ProcessState::Change> changes_;
  std::vector<std::string> kinds_;
  std::vector<std::string> middleware_kinds_;
  void* handle_ = nullptr;
  bool stays_ = false;
  bool mapped_ = false;  // also behind dlclose(), where something else has it open
  const berth_plugin* table_ = nullptr;
};

}  // namespace berth::plugin
