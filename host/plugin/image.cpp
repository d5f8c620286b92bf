#include "plugin/image.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "plugin/call_scope.h"
#include "plugin/fork_watch.h"
#include "plugin/load_error.h"
#include "plugin/thread_exits.h"
#include "plugin/unload_blockers.h"
#include "plugin/unload_patch.h"

namespace berth::plugin {

namespace {

using base::done;
using base::ErrorCode;
using base::fail;

// A kind() that never ends is a bug of the plugin.
constexpr std::size_t kMaxKinds = 1000;

std::string version(std::uint32_t major, std::uint32_t minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

base::Failure<base::Error> contradicts(const std::string& what) {
  return fail(ErrorCode::kIncompatible, what + ": build it again, all of it with one SDK");
}

}  // namespace

base::Result<std::unique_ptr<Image>> Image::load(const PluginFile& file, const LoadContext& context,
                                                 const ImageOwner& owner) {
  if (!file.trust) return fail(file.trust.error());
  const auto elf = ElfFile::parse(file.bytes);
  if (!elf) return fail(elf.error());
  auto note = check_plugin(*elf, context.host);
  if (!note) return fail(std::move(note).error());
  if (auto status = context.libraries.check(elf->needed()); !status) {
    return fail(std::move(status).error());
  }
  auto copy = PrivateCopy::write(file, context.folder, unload_patch(*elf));
  if (!copy) return fail(std::move(copy).error());
  std::unique_ptr<Image> image(new Image(std::move(*copy), std::move(*note), *elf, owner));
  if (auto status = image->introduce(*elf, context.host); !status) {
    return fail(std::move(status).error());
  }
  return image;
}

Image::Image(PrivateCopy copy, PluginNote note, const ElfFile& file, const ImageOwner& owner)
    : copy_(std::move(copy)),
      path_(copy_.path()),
      note_(std::move(note)),
      build_id_(file.build_id()),
      blockers_(plugin::unload_blockers(file)),
      use_(ImageUse::make(path_, {.alias = owner.alias.empty() ? note_.name : owner.alias,
                                  .version = note_.version,
                                  .build_id = build_id_,
                                  .generation = owner.generation})) {}

void Image::stay() noexcept {
  copy_.keep();
  stays_ = true;
}

Image::~Image() noexcept {
  if (stays_) return;
  if (mapped_) {
    // It stays mapped: debuggers want to read the file, and what it registers later still counts.
    if (!unload().left) copy_.keep();
  } else {
    use_->forget();
  }
}

base::Status<> Image::introduce(const ElfFile& file, const HostIdentity& host) {
  watch_forks();
  const CallScope scope(use_->site());
  const ProcessState before = ProcessState::now();
  base::Status<> status = open(file);
  if (status) status = read_table(host);
  if (status) status = read_kinds();
  // Also for one that is refused: it stays the process that serves.
  changes_ = before.compare_and_put_back();
  return status;
}

base::Status<> Image::open(const ElfFile& file) {
  // dlopen() is declared noexcept, but it runs constructors of others. Called as it is, a throw
  // would end the process; volatile keeps the compiler from seeing through the pointer.
  void* (*const volatile open_library)(const char*, int) = dlopen;
  try {
    handle_ = open_library(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  } catch (const std::exception& error) {
    stay();
    return fail(ErrorCode::kInvalidArgument,
                "a global constructor of the plugin threw: " + std::string(error.what()));
  } catch (...) {
    stay();
    return fail(ErrorCode::kInvalidArgument,
                "a global constructor of the plugin threw something that is no std::exception");
  }
  mapped_ = handle_ != nullptr;
  if (mapped_) return done();
  const char* error = dlerror();
  return fail(ErrorCode::kNotFound,
              explain_load_error(error == nullptr ? "no reason given" : error, path_, file));
}

base::Status<> Image::read_table(const HostIdentity& host) {
  void* symbol = dlsym(handle_, host.entry.c_str());
  if (symbol == nullptr) return contradicts("the entry " + host.entry + " is no function");
  try {
    table_ = reinterpret_cast<berth_entry_fn>(symbol)();
  } catch (...) {
    return fail(ErrorCode::kInvalidArgument, host.entry + "() threw an exception");
  }
  if (table_ == nullptr) return contradicts(host.entry + "() returned no table");
  if (table_->size < sizeof(berth_plugin)) {
    return contradicts("its table has " + std::to_string(table_->size) + " bytes, that of ABI " +
                       version(host.abi_major, host.abi_minor) + " has " +
                       std::to_string(sizeof(berth_plugin)));
  }
  if (table_->abi_major != note_.abi_major || table_->abi_minor != note_.abi_minor) {
    return contradicts("its note says ABI " + version(note_.abi_major, note_.abi_minor) +
                       ", its table ABI " + version(table_->abi_major, table_->abi_minor));
  }
  if (table_->needs_minor > host.abi_minor) {
    return fail(ErrorCode::kIncompatible,
                "it needs ABI " + version(host.abi_major, table_->needs_minor) +
                    ", this host has ABI " + version(host.abi_major, host.abi_minor) +
                    ": use a newer host, or rebuild it with SDK " + host.sdk);
  }
  const std::string_view name = table_->name == nullptr ? "" : table_->name;
  if (name != note_.name) {
    return contradicts("its note has the name \"" + note_.name + "\", its table \"" +
                       std::string(name) + "\"");
  }
  if (table_->kind == nullptr || table_->make == nullptr) {
    return contradicts("its table has no kind() or no make()");
  }
  return done();
}

base::Status<> Image::read_kinds() {
  for (std::size_t i = 0; i < kMaxKinds; ++i) {
    const berth_kind* kind = table_->kind(i);
    if (kind == nullptr) return done();
    if (kind->size < sizeof(berth_kind) || kind->name == nullptr) {
      return contradicts("its kind " + std::to_string(i) + " has no name");
    }
    if (kind->role == BERTH_ROLE_HANDLER) kinds_.emplace_back(kind->name);
    if (kind->role != BERTH_ROLE_MIDDLEWARE) continue;
    if (table_->make_middleware == nullptr) {
      return contradicts("it has the middleware \"" + std::string(kind->name) +
                         "\" and no make_middleware()");
    }
    middleware_kinds_.emplace_back(kind->name);
  }
  return contradicts("its kind() never ends");
}

std::vector<ImageHold> Image::holds() const {
  if (!mapped_) return {};
  std::vector<ImageHold> holds = holds_of(*use_);
  if (handle_ == nullptr) {
    holds.push_back({"image", "something in the process has opened it, too (dlopen)", 1});
  }
  return holds;
}

UnloadResult Image::unload() noexcept {
  if (!mapped_) return {true, {}};
  use_->leave();
  run_thread_exits(*use_);
  if (handle_ != nullptr) {
    // Its static destructors and atexit functions run on closing; threads are the one thing they
    // may still end.
    if (std::vector<ImageHold> holds = this->holds(); !holds.empty()) return {false, holds};
    table_ = nullptr;
    const CallScope scope(use_->site());
    (void)dlclose(std::exchange(handle_, nullptr));
  }
  if (is_loaded(path_)) return {false, holds()};
  return forget();
}

UnloadResult Image::forget() noexcept {
  mapped_ = false;
  use_->forget();
  return {true, {}};
}

std::string UnloadResult::why() const {
  std::string text;
  for (const ImageHold& hold : holds) {
    if (!text.empty()) text += "; ";
    text += describe(hold);
  }
  return text;
}

}  // namespace berth::plugin
