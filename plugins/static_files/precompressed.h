// Files that lie beside another one, compressed beforehand: which of them a client gets. It
// compresses nothing.
#pragma once

#include <berth/plugin.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "root.h"

namespace static_files {

// The extension of such a file and the coding it is in (RFC 9110 s8.4.1, RFC 7932, RFC 8878).
struct Compression {
  std::string_view extension;  // "gz"; also what tells its entity tag from the original's
  std::string_view coding;     // "gzip", as in Content-Encoding
};

// Those of the key `precompressed`, the favourite first; complains about what is none, or twice.
[[nodiscard]] std::vector<Compression> read_compressions(const berth::Config& config);

struct Precompressed {
  Opened opened;  // its error is not 0 where there is none to send
  Compression compression;
};

// The file beside `name` that this client wants most, of those that are there and are files.
[[nodiscard]] Precompressed open_precompressed(const Root& root, const std::string& name,
                                               const berth::Request& request,
                                               std::span<const Compression> compressions);

}  // namespace static_files
