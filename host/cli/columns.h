// Rows of cells as lines of aligned columns, safe on a terminal. It knows nothing of what is in
// them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace berth::cli {

using Row = std::vector<std::string>;

// Each column is as wide as its widest cell, two blanks between them, none at the end of a line; a
// row may have fewer cells than others. `indent` blanks in front. Cells become config::printable().
// Lines end in LF.
[[nodiscard]] std::string columns(const std::vector<Row>& rows, std::size_t indent = 0);

}  // namespace berth::cli
