#include "config/merge.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "config/printable.h"

namespace berth::config {

namespace {

constexpr std::array<std::string_view, 2> kLists{"listen", "routes"};
constexpr std::array<std::string_view, 4> kMaps{"plugins", "timeouts", "limits", "log"};
constexpr std::string_view kInclude = "include";
constexpr std::string_view kFreePrefix = "x-";

// A map while it grows.
class Growing {
 public:
  Growing(Node::Place place, Diagnostics& diagnostics)
      : place_(std::move(place)), diagnostics_(diagnostics) {}

  // Null, or the value that stands under the key.
  [[nodiscard]] Node* find(std::string_view key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &values_[found->second];
  }
  void add(Node key, Node value) {
    index_.emplace(key.text(), keys_.size());
    keys_.push_back(std::move(key));
    values_.push_back(std::move(value));
  }
  // Adds what is new and reports what is not.
  void add_once(Node key, Node value) {
    const auto first = index_.find(key.text());
    if (first == index_.end()) return add(std::move(key), std::move(value));
    diagnostics_.error(key.position(), "duplicate key " + quote(key.text()),
                       "it stands first at " + keys_[first->second].position().text());
  }
  void add_all(Node map) {
    std::vector<Node> keys = map.take_keys();
    std::vector<Node> values = map.take_values();
    for (std::size_t i = 0; i < keys.size(); ++i)
      add_once(std::move(keys[i]), std::move(values[i]));
  }
  [[nodiscard]] Node finish() && {
    return Node::map(std::move(place_), std::move(keys_), std::move(values_));
  }

 private:
  Node::Place place_;
  Diagnostics& diagnostics_;
  std::vector<Node> keys_;
  std::vector<Node> values_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// The values of one key in all files, in order. A first one of another kind stays alone, to be
// reported by whoever reads the section; one that follows is reported here.
Node join(std::string_view key, std::vector<Node> values, Diagnostics& diagnostics) {
  const Node::Kind kind = contains(kLists, key) ? Node::Kind::kList : Node::Kind::kMap;
  const auto begin = std::find_if(values.begin(), values.end(),
                                  [](const Node& value) { return !value.is_null(); });
  if (begin == values.end()) return std::move(values.front());
  if (begin->kind() != kind) return std::move(*begin);
  Growing map(begin->place(), diagnostics);
  std::vector<Node> items;
  for (auto value = begin; value != values.end(); ++value) {
    if (value->is_null()) continue;
    if (value->kind() != kind) {
      diagnostics.error(value->position(), "`" + std::string(key) + "` has to be " +
                                               (kind == Node::Kind::kList ? "a list" : "a map") +
                                               ", this is " + std::string(value->kind_name()));
    } else if (kind == Node::Kind::kMap) {
      map.add_all(std::move(*value));
    } else {
      std::vector<Node> more = value->take_values();
      std::move(more.begin(), more.end(), std::back_inserter(items));
    }
  }
  return kind == Node::Kind::kMap ? std::move(map).finish()
                                  : Node::list(begin->place(), std::move(items));
}

}  // namespace

Node merge(std::vector<Node> roots, Diagnostics& diagnostics) {
  if (!roots.front().is_map()) return std::move(roots.front());
  Growing whole(roots.front().place(), diagnostics);
  std::map<std::string, std::vector<Node>, std::less<>> joined;  // by key, one value per file
  for (std::size_t file = 0; file < roots.size(); ++file) {
    std::vector<Node> keys = roots[file].take_keys();
    std::vector<Node> values = roots[file].take_values();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string_view key = keys[i].text();
      const bool free = file > 0 && key.starts_with(kFreePrefix);
      if (key == kInclude || free) continue;
      if (!contains(kLists, key) && !contains(kMaps, key)) {
        whole.add_once(std::move(keys[i]), std::move(values[i]));
        continue;
      }
      auto& values_of_key = joined[std::string(key)];
      values_of_key.push_back(std::move(values[i]));
      if (values_of_key.size() == 1) whole.add(std::move(keys[i]), Node());  // its place in order
    }
  }
  for (auto& [key, values] : joined) *whole.find(key) = join(key, std::move(values), diagnostics);
  return std::move(whole).finish();
}

}  // namespace berth::config
