// What is written down of a generation that is kept, and of a pinned plugin: plain values and their
// JSON. Where that lies is GenerationStore's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::app {

struct StoredPlugin {
  std::string alias;
  std::string file;      // as it was opened
  std::string sha256;    // of its bytes, 64 hexadecimal digits
  std::string build_id;  // hexadecimal digits; empty: it has none
  std::string version;   // of its note
  friend bool operator==(const StoredPlugin&, const StoredPlugin&) = default;
};

struct StoredGeneration {
  std::uint64_t number = 0;
  std::string origin;                 // ReloadReport::origin
  std::int64_t made_at = 0;           // seconds since the epoch
  std::string configuration;          // the path it was read from, as load() was given it
  std::vector<StoredPlugin> plugins;  // in the configuration's order
  friend bool operator==(const StoredGeneration&, const StoredGeneration&) = default;
};

// An image that reloads leave alone.
struct Pin {
  std::string alias;
  std::string sha256;
  std::string build_id;
  friend bool operator==(const Pin&, const Pin&) = default;
};

// Whether a text is a digest as these values hold it: 64 lower-case hexadecimal digits.
[[nodiscard]] bool is_sha256(std::string_view text) noexcept;

// A generation together with the digest of the recording that lies beside it.
struct Manifest {
  StoredGeneration generation;
  std::string recording_sha256;
};

// JSON with a format version. kIncompatible: another version's; kCorrupt: anything else that is not
// what the first of each pair writes. Texts that are not UTF-8 come back with U+FFFD in place of
// what is wrong.
[[nodiscard]] std::string manifest_text(const Manifest& manifest);
[[nodiscard]] base::Result<Manifest> parse_manifest(const std::string& text);
[[nodiscard]] std::string pins_text(const std::vector<Pin>& pins);
[[nodiscard]] base::Result<std::vector<Pin>> parse_pins(const std::string& text);

}  // namespace berth::app
