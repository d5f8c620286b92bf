#include "plugin/symbol_name.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace berth::plugin {

std::string readable_name(const std::string& symbol) {
  // Else "i" would be read as the type int.
  if (!symbol.starts_with("_Z")) return symbol;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : symbol;
}

}  // namespace berth::plugin
