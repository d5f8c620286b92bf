#include "plugin/image.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

#include "plugin/load_error.h"
#include "plugin/unload_blockers.h"

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

base::Result<std::unique_ptr<Image>> Image::load(const PluginFile& file,
                                                 const LoadContext& context) {
  if (!file.trust) return fail(file.trust.error());
  const auto elf = ElfFile::parse(file.bytes);
  if (!elf) return fail(elf.error());
  auto note = check_plugin(*elf, context.host);
  if (!note) return fail(std::move(note).error());
  if (auto status = context.libraries.check(elf->needed()); !status) {
    return fail(std::move(status).error());
  }
  auto copy = PrivateCopy::write(file, context.folder);
  if (!copy) return fail(std::move(copy).error());
  std::unique_ptr<Image> image(new Image(std::move(*copy), std::move(*note), *elf));
  if (auto status = image->open(*elf); !status) return fail(std::move(status).error());
  if (auto status = image->read_table(context.host); !status) {
    return fail(std::move(status).error());
  }
  if (auto status = image->read_kinds(); !status) return fail(std::move(status).error());
  return image;
}

Image::Image(PrivateCopy copy, PluginNote note, const ElfFile& file)
    : copy_(std::move(copy)),
      path_(copy_.path()),
      note_(std::move(note)),
      build_id_(file.build_id()),
      blockers_(unload_blockers(file)) {}

Image::~Image() noexcept { unload(); }

base::Status<> Image::open(const ElfFile& file) {
  // dlopen() is declared noexcept, but it runs constructors of others. Called as it is, a throw
  // would end the process; volatile keeps the compiler from seeing through the pointer.
  void* (*const volatile open_library)(const char*, int) = dlopen;
  try {
    handle_ = open_library(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
  } catch (const std::exception& error) {
    copy_.keep();  // half-initialised and mapped for good
    return fail(ErrorCode::kInvalidArgument,
                "a global constructor of the plugin threw: " + std::string(error.what()));
  } catch (...) {
    copy_.keep();
    return fail(ErrorCode::kInvalidArgument,
                "a global constructor of the plugin threw something that is no std::exception");
  }
  if (handle_ != nullptr) return done();
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

UnloadResult Image::unload() noexcept {
  if (handle_ == nullptr) return {true, {}};
  table_ = nullptr;
  const int closed = dlclose(std::exchange(handle_, nullptr));
  if (closed == 0 && !is_loaded(path_)) return {true, {}};
  copy_.keep();
  if (closed != 0) {
    const char* error = dlerror();
    return {false, error == nullptr ? "dlclose() failed" : error};
  }
  if (blockers_.empty()) {
    return {false,
            "something still holds it: a thread_local with a destructor, a thread, or a "
            "library that it opened"};
  }
  std::string why;
  for (const std::string& blocker : blockers_) {
    if (!why.empty()) why += "; ";
    why += blocker;
  }
  return {false, why};
}

}  // namespace berth::plugin
