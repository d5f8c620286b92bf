#include "plugin/file_check.h"

#include <utility>

#include "base/sha256.h"
#include "plugin/elf_file.h"
#include "plugin/library_folders.h"
#include "plugin/plugin_check.h"
#include "plugin/unload_blockers.h"

namespace berth::plugin {

base::Result<CheckedFile> check_file(const PluginFile& file, const LoadContext& context) {
  if (!file.trust) return base::fail(file.trust.error());
  const auto elf = ElfFile::parse(file.bytes);
  if (!elf) return base::fail(elf.error());
  auto note = check_plugin(*elf, context.host);
  if (!note) return base::fail(std::move(note).error());
  if (auto status = context.libraries.check(elf->needed()); !status) {
    return base::fail(std::move(status).error());
  }
  return CheckedFile{.note = std::move(*note),
                     .build_id = elf->build_id(),
                     .digest = digest_of(file),
                     .unload_blockers = unload_blockers(*elf),
                     .warnings = library_warnings(*elf, process_policy(false))};
}

std::string digest_of(const PluginFile& file) {
  base::Sha256 sum;
  sum.add(file.bytes);
  return base::hexadecimal(sum.finish());
}

}  // namespace berth::plugin
