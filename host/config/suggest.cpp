#include "config/suggest.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace berth::config {

namespace {

constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kShortestPrefix = 4;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char from = lower(a[i - 1]);
      const char to = lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (from == to ? 0U : 1U)});
      const bool swapped =
          i > 1 && j > 1 && from == lower(b[j - 2]) && lower(a[i - 2]) == to && from != to;
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kLongestWord) return {};
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  if (found.empty()) {
    const auto prefix =
        std::find_if(candidates.begin(), candidates.end(), [word](std::string_view candidate) {
          return candidate.size() >= kShortestPrefix && word.starts_with(candidate);
        });
    if (prefix != candidates.end()) found = *prefix;
  }
  return std::string(found);
}

}  // namespace berth::config
