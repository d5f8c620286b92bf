// A configuration as a literal, for tests; not YAML: every scalar is written as a string.
//   map({{"greeting", "hi"}, {"names", list({"a", "b"})}, {"limits", map({{"size", "64KiB"}})}})
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::testing {

// What a plugin said about its configuration with config_fail(), which Config does for it.
struct Complaint {
  std::string at;  // "servers[1].port"; "(key) greting"; empty: the whole of it
  std::string message;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

struct Entry;

class Node {
 public:
  // Implicit, so that a literal reads like the file it stands for.
  Node(const char* text) : kind_(BERTH_CONFIG_SCALAR), text_(text) {}             // NOLINT
  Node(std::string text) : kind_(BERTH_CONFIG_SCALAR), text_(std::move(text)) {}  // NOLINT

  [[nodiscard]] static Node list(std::initializer_list<Node> elements) {
    Node node(BERTH_CONFIG_LIST);
    node.values_ = elements;
    return node;
  }
  [[nodiscard]] static Node map(std::initializer_list<Entry> entries);

  [[nodiscard]] int kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  // Null past the end.
  [[nodiscard]] const Node* value(std::size_t i) const noexcept {
    return i < values_.size() ? &values_[i] : nullptr;
  }
  [[nodiscard]] const Node* key(std::size_t i) const noexcept {
    return i < keys_.size() ? &keys_[i] : nullptr;
  }
  [[nodiscard]] const Node* find(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].text_ == name) return &values_[i];
    }
    return nullptr;
  }

  // Tells every node below its path, and where complaints about it go.
  void adopt(std::vector<Complaint>& complaints, const std::string& path = {}) {
    complaints_ = &complaints;
    path_ = path;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (kind_ == BERTH_CONFIG_LIST) {
        values_[i].adopt(complaints, path + "[" + std::to_string(i) + "]");
        continue;
      }
      const std::string below = path.empty() ? keys_[i].text_ : path + "." + keys_[i].text_;
      values_[i].adopt(complaints, below);
      keys_[i].adopt(complaints, "(key) " + below);
    }
  }
  void complain(std::string_view message) const {
    if (complaints_ != nullptr) complaints_->push_back({path_, std::string(message)});
  }

 private:
  explicit Node(int kind) : kind_(kind) {}

  int kind_;
  std::string text_;
  std::vector<Node> keys_;  // of a map; as many as values
  std::vector<Node> values_;
  std::string path_;
  std::vector<Complaint>* complaints_ = nullptr;
};

struct Entry {
  std::string key;
  Node value;
};

inline Node Node::map(std::initializer_list<Entry> entries) {
  Node node(BERTH_CONFIG_MAP);
  for (const Entry& entry : entries) {
    node.keys_.emplace_back(entry.key);
    node.values_.push_back(entry.value);
  }
  return node;
}

[[nodiscard]] inline Node list(std::initializer_list<Node> elements) {
  return Node::list(elements);
}
[[nodiscard]] inline Node map(std::initializer_list<Entry> entries) { return Node::map(entries); }

}  // namespace berth::testing
