#include "config/node.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <span>
#include <system_error>
#include <utility>

#include "config/printable.h"
#include "config/values.h"

namespace berth::config {

namespace {

Diagnostic finding(const Node& node, std::string what, std::string help) {
  return {node.position(), std::move(what), {}, std::move(help), Severity::kError};
}

base::Failure<Diagnostic> refuse(const Node& node, std::string what, std::string help) {
  return base::fail(finding(node, std::move(what), std::move(help)));
}

base::Failure<Diagnostic> wrong_kind(const Node& node, std::string_view expected) {
  std::string help;
  if (node.is_null()) help = "write a value, or leave the key out";
  return refuse(node,
                "expected " + std::string(expected) + ", got " + std::string(node.kind_name()),
                std::move(help));
}

// What parses alike whether quoted or not: durations and sizes.
template <class T>
Value<T> parse(const Node& node, std::string_view expected, Parsed<T> (*parser)(std::string_view)) {
  if (!node.is_scalar()) return wrong_kind(node, expected);
  Parsed<T> parsed = parser(node.text());
  if (parsed) return *parsed;
  return refuse(node, parsed.error().what, parsed.error().help);
}

// What only counts when it is plain: numbers.
template <class T>
Value<T> parse_plain(const Node& node, std::string_view expected,
                     Parsed<T> (*parser)(std::string_view)) {
  if (node.is_scalar() && node.quoted()) {
    return refuse(node,
                  "expected " + std::string(expected) + ", got the text " + quote(node.text()),
                  "leave out the quotes");
  }
  return parse(node, expected, parser);
}

bool is_other_boolean(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [](char a, char b) { return (a | 0x20) == b; });
  });
}

constexpr std::array<std::string_view, 5> kTrueWords{"true", "yes", "on", "y", "1"};
constexpr std::array<std::string_view, 5> kFalseWords{"false", "no", "off", "n", "0"};

}  // namespace

Node::Node() : place_{std::make_shared<const std::string>(), 0, 0} {}

Node::Node(Kind kind, Place place) noexcept : kind_(kind), place_(std::move(place)) {
  assert(place_.file != nullptr);
}

Node Node::null(Place place) { return Node(Kind::kNull, std::move(place)); }

Node Node::scalar(Place place, std::string text, bool quoted) {
  Node node(Kind::kScalar, std::move(place));
  node.text_ = std::move(text);
  node.quoted_ = quoted;
  return node;
}

Node Node::list(Place place, std::vector<Node> items) {
  Node node(Kind::kList, std::move(place));
  node.values_ = std::move(items);
  return node;
}

Node Node::map(Place place, std::vector<Node> keys, std::vector<Node> values) {
  assert(keys.size() == values.size());
  Node node(Kind::kMap, std::move(place));
  node.keys_ = std::move(keys);
  node.values_ = std::move(values);
  return node;
}

std::string_view Node::kind_name() const noexcept {
  switch (kind_) {
    case Kind::kNull:
      return "nothing";
    case Kind::kScalar:
      return "text";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return "nothing";
}

base::SourcePosition Node::position() const { return {*place_.file, place_.line, place_.column}; }

const Node& Node::value(std::size_t index) const noexcept {
  assert(index < values_.size());
  return values_[index];
}

const Node& Node::key(std::size_t index) const noexcept {
  assert(index < keys_.size());
  return keys_[index];
}

const Node* Node::find(std::string_view key) const noexcept {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (keys_[i].text_ == key) return &values_[i];
  }
  return nullptr;
}

const Node* Node::at(std::string_view dotted_path) const noexcept {
  const Node* node = this;
  while (!dotted_path.empty()) {
    const std::size_t dot = std::min(dotted_path.find('.'), dotted_path.size());
    const std::string_view step = dotted_path.substr(0, dot);
    dotted_path.remove_prefix(std::min(dot + 1, dotted_path.size()));
    if (!node->is_list()) {
      node = node->find(step);
      if (node == nullptr) return nullptr;
      continue;
    }
    std::size_t index = 0;
    const char* const end = step.data() + step.size();
    const auto [stopped, code] = std::from_chars(step.data(), end, index);
    const bool padded = step.size() > 1 && step.front() == '0';
    if (code != std::errc() || stopped != end || padded || index >= node->size()) return nullptr;
    node = &node->value(index);
  }
  return node;
}

Value<std::string_view> Node::as_string() const {
  if (!is_scalar()) return wrong_kind(*this, "text");
  return text();
}

Value<bool> Node::as_bool() const {
  if (!is_scalar()) return wrong_kind(*this, "true or false");
  if (!quoted_ && text_ == "true") return true;
  if (!quoted_ && text_ == "false") return false;
  std::string help = "write true or false";
  if (is_other_boolean(text_, kTrueWords)) help = "write true";
  if (is_other_boolean(text_, kFalseWords)) help = "write false";
  if (quoted_) help += " without quotes";
  return refuse(*this, "expected true or false, got " + quote(text_), std::move(help));
}

Value<std::int64_t> Node::as_int64() const {
  return parse_plain(*this, "a whole number", parse_integer);
}

Value<double> Node::as_double() const { return parse_plain(*this, "a number", parse_number); }

Value<base::Duration> Node::as_duration() const {
  return parse(*this, "a duration", parse_duration);
}

Value<std::uint64_t> Node::as_bytes() const { return parse(*this, "a size", parse_bytes); }

bool same_contents(const Node& one, const Node& other) noexcept {
  if (one.kind() != other.kind() || one.quoted() != other.quoted() || one.text() != other.text() ||
      one.size() != other.size()) {
    return false;
  }
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one.is_map() && one.key(i).text() != other.key(i).text()) return false;
    if (!same_contents(one.value(i), other.value(i))) return false;
  }
  return true;
}

}  // namespace berth::config
