#include "plugin/unload_blockers.h"

#include <cstddef>

#include "plugin/symbol_name.h"

namespace berth::plugin {

std::vector<std::string> unload_blockers(const ElfFile& file) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> blockers;
  if (file.no_delete()) blockers.emplace_back("it is linked with -z nodelete");
  std::string names;
  std::size_t unique = 0;
  bool tls_destructors = false;
  for (std::size_t i = 0; i < file.symbol_count(); ++i) {
    const ElfSymbol symbol = file.symbol(i);
    if (!symbol.defined) tls_destructors |= symbol.name == "__cxa_thread_atexit";
    if (!symbol.defined || !symbol.unique) continue;
    if (unique++ < kShown) {
      if (!names.empty()) names += ", ";
      names += readable_name(std::string(symbol.name));
    }
  }
  if (unique > 0) {
    std::string text = "it has " + std::to_string(unique) + " STB_GNU_UNIQUE symbol" +
                       (unique == 1 ? "" : "s") + " (" + names;
    if (unique > kShown) text += ", ...";
    blockers.push_back(text + "): compile it with -fno-gnu-unique");
  }
  if (tls_destructors) {
    blockers.emplace_back("it has thread_local variables with destructors, which hold it");
  }
  return blockers;
}

}  // namespace berth::plugin
