#include "plugin/unload_blockers.h"

namespace berth::plugin {

std::vector<std::string> unload_blockers(const ElfFile& file) {
  std::vector<std::string> blockers;
  if (file.static_tls()) {
    blockers.emplace_back(
        "it has thread_local variables of the initial-exec model (DF_STATIC_TLS): the room for "
        "them is small and not all given back, so that loading it anew fails after some reloads; "
        "compile it and what it links statically without -ftls-model=initial-exec");
  }
  return blockers;
}

}  // namespace berth::plugin
