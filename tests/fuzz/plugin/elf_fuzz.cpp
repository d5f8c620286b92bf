// Any bytes as a plugin file: every view the reader hands out lies in them, and what is told of
// them is printable and the same each time.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "plugin/elf_file.h"
#include "plugin/host_libraries.h"
#include "plugin/inspect.h"
#include "plugin/plugin_check.h"
#include "plugin/plugin_file.h"

namespace {

using berth::plugin::ElfFile;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_inside(std::string_view view, std::string_view bytes) {
  if (view.empty()) return;
  const std::less_equal<> before;
  require(before(bytes.data(), view.data()));
  require(before(view.data() + view.size(), bytes.data() + bytes.size()));
}

void check_views(const ElfFile& file, std::string_view bytes) {
  for (const std::string_view name : file.needed()) require_inside(name, bytes);
  for (const std::string_view text : {file.soname(), file.rpath(), file.runpath()}) {
    require_inside(text, bytes);
  }
  for (std::size_t i = 0; i < file.symbol_count(); ++i) {
    const auto symbol = file.symbol(i);
    require_inside(symbol.name, bytes);
    // Each name that is found stands in the table on that side.
    if (i < 4) require(symbol.defined ? file.defines(symbol.name) : file.imports(symbol.name));
  }
  const auto note = file.note("Berth", 1);
  if (note) require_inside(*note, bytes);
  for (const char digit : file.build_id()) {
    require((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'));
  }
}

void require_printable(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 || c == '\n');
    require(byte != 0x7f);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  berth::plugin::PluginFile input;
  input.path = "fuzz.so";
  input.bytes.assign(data, data + size);
  const auto file = ElfFile::parse(input.bytes);
  if (!file) {
    require(!file.error().text.empty());
    require_printable(file.error().text);
    return 0;
  }
  require(file->size() == size);
  check_views(*file, input.bytes);

  const auto host = berth::plugin::this_host();
  const auto note = check_plugin(*file, host);
  // What is taken is for this host, whatever else the bytes say.
  if (note.ok()) {
    require(file->machine() == host.machine && file->defines(host.entry));
    require(note->abi_major == host.abi_major && note->abi_minor == host.abi_minor);
    require(note->sanitizer == host.sanitizer && !note->name.empty());
  }
  const berth::plugin::HostLibraries libraries({"libc.so.6", "libPocoNet.so.80"});
  const auto inspection = inspect(input, host, libraries);
  require(inspection.ok());
  require(!note.ok() == !inspection->refusals.empty() || !libraries.check(file->needed()).ok());
  require_printable(to_text(*inspection));
  require_printable(to_json(*inspection));
  return 0;
}
