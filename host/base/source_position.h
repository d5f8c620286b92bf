// Where in a configuration file something stands, for error messages. Not a range.
#pragma once

#include <cstdint>
#include <string>

namespace berth::base {

// line and column count from 1, columns in bytes; line 0: no position is known.
struct SourcePosition {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;

  // "FILE:LINE:COLUMN", or only FILE where no line is known.
  [[nodiscard]] std::string text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

}  // namespace berth::base
