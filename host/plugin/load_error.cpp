#include "plugin/load_error.h"

#include <cstddef>
#include <span>

#include "plugin/symbol_name.h"

namespace berth::plugin {

namespace {

// Which library a symbol of this name is usually in, for the libraries plugins use most.
struct Origin {
  std::string_view prefix;  // of the readable name
  std::string_view library;
};
constexpr Origin kOrigins[] = {
    {"Poco::Net::", "PocoNet"},
    {"Poco::JSON::", "PocoJSON"},
    {"Poco::XML::", "PocoXML"},
    {"Poco::Util::", "PocoUtil"},
    {"Poco::Crypto::", "PocoCrypto"},
    {"Poco::Data::", "PocoData"},
    {"Poco::", "PocoFoundation"},
    {"std::", "stdc++"},
    {"__cxa_", "stdc++"},
    {"SSL_", "ssl"},
    {"EVP_", "crypto"},
    {"curl_", "curl"},
    {"sqlite3_", "sqlite3"},
    {"PQ", "pq"},
    {"__asan_", "asan"},
    {"__tsan_", "tsan"},
    {"__ubsan_", "ubsan"},
};

std::string_view library_of(std::string_view name) {
  for (const std::string_view special : {"typeinfo for ", "vtable for ", "guard variable for "}) {
    if (name.starts_with(special)) name.remove_prefix(special.size());
  }
  for (const Origin& origin : kOrigins) {
    if (name.starts_with(origin.prefix)) return origin.library;
  }
  return {};
}

std::string list(std::span<const std::string_view> names) {
  if (names.empty()) return "no library at all";
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string undefined_symbol(std::string_view rest, const ElfFile& file) {
  // "undefined symbol: NAME" or "undefined symbol: NAME, version VERSION"
  const std::string symbol(rest.substr(0, rest.find_first_of(", (")));
  const std::string name = readable_name(symbol);
  std::string text = "undefined symbol " + name;
  if (name != symbol) text += " (" + symbol + ")";
  text += ": none of the libraries it links has it (" + list(file.needed()) + ")";
  const std::string_view library = library_of(name);
  if (!library.empty()) {
    text += "; link it with -l" + std::string(library);
  } else {
    text += "; link the library or the source that defines it";
  }
  return text + " (berth_add_plugin finds this at build time, by -z defs)";
}

}  // namespace

std::string explain_load_error(std::string_view error, const std::string& copy,
                               const ElfFile& file) {
  if (error.starts_with(copy)) {
    error.remove_prefix(copy.size());
    if (error.starts_with(": ")) error.remove_prefix(2);
  }
  constexpr std::string_view kUndefined = "undefined symbol: ";
  if (const std::size_t at = error.find(kUndefined); at != std::string_view::npos) {
    return undefined_symbol(error.substr(at + kUndefined.size()), file);
  }
  constexpr std::string_view kMissing = ": cannot open shared object file";
  if (const std::size_t at = error.find(kMissing); at != std::string_view::npos) {
    return "it needs " + std::string(error.substr(0, at)) +
           ", which is not installed here: install the package that has it, or link that library "
           "statically";
  }
  // "VERSION: version `GLIBC_2.38' not found (required by COPY)"
  constexpr std::string_view kVersion = "version `";
  const std::size_t at = error.find(kVersion);
  const std::size_t end = at == std::string_view::npos ? at : error.find('\'', at);
  if (end != std::string_view::npos) {
    const std::size_t begin = at + kVersion.size();
    return "it was built against a newer system: it needs " +
           std::string(error.substr(begin, end - begin)) + ", which " +
           std::string(error.substr(0, error.find(':'))) +
           " here has not got; build it on this system";
  }
  constexpr std::string_view kMap = "failed to map segment";
  if (error.find(kMap) != std::string_view::npos) {
    return std::string(error) + ": is " + copy + " on a mount with noexec? Set STATE_DIRECTORY";
  }
  return "it cannot be loaded: " + std::string(error);
}

}  // namespace berth::plugin
