// One value of a configuration with its place in the file: an immutable tree of scalars, lists and
// maps. Not YAML: tags, anchors and styles are gone, aliases to scalars are copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/source_position.h"
#include "config/diagnostic.h"

namespace berth::config {

// What Node's typed accessors return: the value, or a finding with the node's position, ready for
// Diagnostics::add.
template <class T>
using Value = base::Result<T, Diagnostic>;

// A node owns everything below it; nodes below have stable addresses for as long as the root lives
// unmoved. Any number of threads may read one tree. The name of the file is shared by all nodes.
class Node {
 public:
  enum class Kind : std::uint8_t {
    kNull,    // nothing after the colon, plain ~ or plain null
    kScalar,  // any other text, whether quoted or not
    kList,
    kMap,
  };
  // Where a node stands. The file is shared, never null. line and column count from 1; 0: unknown.
  struct Place {
    std::shared_ptr<const std::string> file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
  };

  // Null without a place: what an absent `config:` is.
  Node();
  [[nodiscard]] static Node null(Place place);
  [[nodiscard]] static Node scalar(Place place, std::string text, bool quoted);
  [[nodiscard]] static Node list(Place place, std::vector<Node> items);
  // REQUIRES: keys and values have the same length, keys are scalars, each text once.
  [[nodiscard]] static Node map(Place place, std::vector<Node> keys, std::vector<Node> values);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] bool is_null() const noexcept { return kind_ == Kind::kNull; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind_ == Kind::kScalar; }
  [[nodiscard]] bool is_list() const noexcept { return kind_ == Kind::kList; }
  [[nodiscard]] bool is_map() const noexcept { return kind_ == Kind::kMap; }
  // "nothing", "text", "a list" or "a map", for messages. Static storage.
  [[nodiscard]] std::string_view kind_name() const noexcept;

  // Of the first character of the value; of an alias: of the alias itself.
  [[nodiscard]] base::SourcePosition position() const;
  [[nodiscard]] const Place& place() const noexcept { return place_; }

  // A scalar's text without quotes and with escapes resolved, valid UTF-8 without NUL; else empty.
  // The view lives as long as the node.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  // Whether the scalar was quoted or a block (| or >): then it is text and never a number.
  [[nodiscard]] bool quoted() const noexcept { return quoted_; }

  // Of a list its items, of a map its entries in the file's order; else 0.
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  // REQUIRES: index < size().
  [[nodiscard]] const Node& value(std::size_t index) const noexcept;
  // REQUIRES: is_map(), index < size(). A scalar.
  [[nodiscard]] const Node& key(std::size_t index) const noexcept;

  // Moves the items, or a map's keys or values, out; take both of a map. None are left.
  [[nodiscard]] std::vector<Node> take_keys() noexcept { return std::exchange(keys_, {}); }
  [[nodiscard]] std::vector<Node> take_values() noexcept { return std::exchange(values_, {}); }

  // The value of a map's key, else null. Linear in size().
  [[nodiscard]] const Node* find(std::string_view key) const noexcept;
  // Follows "a.b.0": a map's key or a list's index (digits without leading zeros) at each step; ""
  // is the node itself. Null where a step leads nowhere. Keys that hold a dot: find().
  [[nodiscard]] const Node* at(std::string_view dotted_path) const noexcept;

  // Any scalar, quoted or not, exactly as written: `8080` is "8080". Null, list and map are
  // refused. The view lives as long as the node.
  [[nodiscard]] Value<std::string_view> as_string() const;
  // Plain true or false. yes, no, on, off, True and quoted words are refused with the way out.
  [[nodiscard]] Value<bool> as_bool() const;
  // Plain decimal digits with an optional minus. Refused: leading zeros (010 is 8 to YAML 1.1),
  // 0x, 0o, _, +, exponents, quoted digits.
  [[nodiscard]] Value<std::int64_t> as_int64() const;
  // Plain JSON numbers (RFC 8259 s6), finite. .inf, .nan, 1. and .5 are refused.
  [[nodiscard]] Value<double> as_double() const;
  // `500ms`, `10s`, `1m30s`, `2h`: parse_duration() of values.h. May be quoted.
  [[nodiscard]] Value<base::Duration> as_duration() const;
  // `500B`, `64KiB`, `1MiB`, `2GiB`, in bytes: parse_bytes() of values.h. May be quoted.
  [[nodiscard]] Value<std::uint64_t> as_bytes() const;

 private:
  Node(Kind kind, Place place) noexcept;

  Kind kind_ = Kind::kNull;
  bool quoted_ = false;
  Place place_;
  std::string text_;
  std::vector<Node> keys_;
  std::vector<Node> values_;
};

// Whether two nodes say the same, wherever they stand. A quoted text is another than a plain one,
// and entries of a map count in their order.
[[nodiscard]] bool same_contents(const Node& one, const Node& other) noexcept;

}  // namespace berth::config
