// One map of the configuration read key by key: refuses what is unknown, misses what is required.
// Not for `config:` maps, whose keys are the plugin's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "config/diagnostic.h"
#include "config/include.h"
#include "config/node.h"

namespace berth::config {

// A key of a section.
struct Key {
  enum class Status : std::uint8_t {
    kOptional,
    kRequired,
    kLater,  // known, but refused: it comes with a later version
  };
  std::string_view name;
  Status status = Status::kOptional;
  std::string_view help = {};  // for a required key: what to write; for a later one: instead
};

// What all sections of a configuration share. Collects findings; those on nodes that reading the
// files has replaced are dropped.
class Report {
 public:
  // `diagnostics` outlives the report.
  Report(Diagnostics& diagnostics, Spoilt spoilt);

  void error(base::SourcePosition position, std::string what, std::string help = {},
             std::string suggestion = {});
  // Dropped where there are errors: a warning is often but an echo of one.
  void warning(base::SourcePosition position, std::string what, std::string help = {});
  // Whether further errors are only counted: not worth a search for suggestions.
  [[nodiscard]] bool full() const noexcept;
  // The value, or nullopt after reporting why there is none.
  template <class T>
  [[nodiscard]] std::optional<T> take(Value<T> value) {
    if (value) return *value;
    add(value.error());
    return std::nullopt;
  }

 private:
  void add(Diagnostic diagnostic);

  Diagnostics& diagnostics_;
  Spoilt spoilt_;
};

// A map whose keys have been checked against `keys`. Views the node and the table: both outlive it.
class Section {
 public:
  // Reports a node that is no map (null counts as an empty map if nothing is required), unknown,
  // later and missing keys. `what` names the section in messages: "a route". Keys that begin with
  // "x-" pass if free_keys.
  Section(const Node& node, std::string_view what, std::span<const Key> keys, Report& report,
          bool free_keys = false);

  // The value of a key, or null: absent or the node is no map.
  [[nodiscard]] const Node* get(std::string_view key) const noexcept;

  // Whether the node is a map that has no such key, nor an unknown one that was taken for it: one
  // mistake, one message.
  [[nodiscard]] bool misses(std::string_view key) const noexcept;

  // The text of a key's value where it is there and is text.
  [[nodiscard]] std::optional<std::string> string(std::string_view key, Report& report) const;

 private:
  const Node* node_ = nullptr;
  std::set<std::string, std::less<>> meant_;  // by unknown keys
};

// Calls each item of a list; reports a node that is none.
void for_each_item(const Node& node, std::string_view what, Report& report,
                   const std::function<void(const Node&)>& each);

// The index of a scalar's text among `words`, or nullopt after reporting it with a suggestion.
[[nodiscard]] std::optional<std::size_t> choose(const Node& node,
                                                std::span<const std::string_view> words,
                                                Report& report);

}  // namespace berth::config
