// From the bytes of a YAML file to a Node tree, by our own handler of yaml-cpp's events: a strict
// subset of YAML 1.2. Does not know any key of berth.yaml.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/node.h"

namespace berth::config {

// root is absent if the file could not be read to its end. Places in `spoilt` (line, column) hold
// nodes that were reported and replaced by null: what the schema says about them is noise.
struct Document {
  std::optional<Node> root;
  std::set<std::pair<std::uint32_t, std::uint32_t>> spoilt;
};

// What reading all files of a configuration may use together; begins at nothing.
struct ReadTotals {
  std::size_t values = 0;
  std::size_t alias_bytes = 0;     // that aliases copied
  std::size_t expanded_bytes = 0;  // of texts with references to the environment
};

// Reads diagnostics.source() and adds every finding to diagnostics, with positions inside it.
// Refused: bytes that are not UTF-8, control characters but TAB, LF and CR LF; files over
// limits::kConfigFile; empty files; a second document; directives; tags; anchors on collections and
// aliases to them; << keys; keys that are not text or stand twice; nesting over
// limits::kConfigDepth. A byte order mark has to be gone already (strip_bom). References to
// `environment` in values (not in keys) are replaced: expand.h.
[[nodiscard]] Document read_document(Diagnostics& diagnostics, const Environment& environment,
                                     ReadTotals& totals);

// Whether there is anything but empty lines and comments.
[[nodiscard]] bool has_content(std::string_view text) noexcept;

// Without the UTF-8 byte order mark some editors write: positions count without it.
[[nodiscard]] std::string strip_bom(std::string text);

}  // namespace berth::config
