#include "cli/columns.h"

#include <algorithm>

#include "config/printable.h"

namespace berth::cli {

namespace {

// Characters, of well-formed UTF-8.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

}  // namespace

std::string columns(const std::vector<Row>& rows, std::size_t indent) {
  std::vector<Row> cells;
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    Row& shown = cells.emplace_back();
    for (const std::string& cell : row) {
      shown.push_back(config::printable(cell));
      if (shown.size() > widths.size()) widths.push_back(0);
      std::size_t& width = widths[shown.size() - 1];
      width = std::max(width, width_of(shown.back()));
    }
  }
  std::string text;
  for (const Row& row : cells) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace berth::cli
