// A configuration and the files it includes, read and put together as one tree. Knows of the keys
// only how they are put together.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/file_provider.h"
#include "config/node.h"

namespace berth::config {

// File, line and column of nodes that were reported and replaced by null.
using Spoilt = std::set<std::tuple<std::string, std::uint32_t, std::uint32_t>>;

struct Tree {
  // Absent where some file could not be read to its end: what is missing in the others is noise.
  std::optional<Node> root;
  Spoilt spoilt;
};

// Reads diagnostics.source(), which has the name diagnostics.file() and the identity given, and
// what it includes: the value of its top-level `include`, a text or a list of texts. Each is a
// path, or a glob(7) pattern if it has one of * ? [, relative to the folder of the file it stands
// in. A pattern may match nothing; a path has to be there. The tree has the lists `listen` and
// `routes` one after another, the including file's first, then those it includes in order; the maps
// `plugins`, `timeouts`, `limits` and `log` with the keys of all; every other key from the one file
// that has it. Refused, with both places: a key that two files have, a file that is included twice
// or includes itself. Bounds: limits::kConfigIncludes, kConfigIncludeDepth, and kConfigFile for all
// files together. Findings and sources are added to `diagnostics`.
[[nodiscard]] Tree read_tree(const std::string& identity, FileProvider& files,
                             const Environment& environment, Diagnostics& diagnostics);

}  // namespace berth::config
