// The handler of yaml-cpp's events that builds a Node tree and refuses what berth.yaml may not use.
// Not a loader: it sees one document, and syntax errors pass it by as exceptions.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/node.h"
#include "config/reader.h"

namespace berth::config {

// Thrown through yaml-cpp to end the parsing; the reason has been added to the diagnostics.
struct StopParsing {};

class TreeBuilder final : public YAML::EventHandler {
 public:
  // All outlive the builder; the source of `diagnostics` is the text being parsed.
  TreeBuilder(Diagnostics& diagnostics, const Environment& environment, ReadTotals& totals);

  // What was built; the root is there once OnDocumentEnd was called.
  [[nodiscard]] Document take();
  // Where the innermost [ or { that is still open stands.
  [[nodiscard]] std::optional<base::SourcePosition> open_flow() const;

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override;
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override;

 private:
  // A collection that has begun and not ended.
  struct Open {
    Node::Kind kind;
    Node::Place place;
    bool flow = false;
    bool has_key = false;     // of a map: a key waits for its value
    bool drop_value = false;  // of a map: the key was refused, so its value goes too
    std::vector<Node> keys;
    std::vector<Node> values;
    std::unordered_map<std::string, std::size_t> seen;  // key -> its index in keys
  };
  // What an anchor stands for.
  struct Anchored {
    std::optional<Node> scalar;  // absent: a collection
    bool expanded = false;       // holds what the environment says
  };

  [[nodiscard]] Node::Place place(const YAML::Mark& mark) const;
  [[nodiscard]] Node::Place at(const Node& node) const;
  // Moves the place of an empty item of a list to its dash.
  void move_to_dash(const YAML::Mark& mark, Node::Place& place) const;
  [[nodiscard]] std::size_t offset(const YAML::Mark& mark) const;
  // Where the content of a node begins: behind its anchor.
  [[nodiscard]] std::size_t content(const YAML::Mark& mark) const;
  // Whether the next node is a key.
  [[nodiscard]] bool expects_key() const noexcept;
  // A value with its references replaced; nullopt: reported.
  [[nodiscard]] std::optional<std::string> expanded(const Node::Place& place, std::size_t content,
                                                    std::string_view value);
  [[nodiscard]] base::SourcePosition position_at(std::size_t offset) const;
  void refuse(const Node::Place& place, std::string what, std::string help);
  void refuse_tag(const YAML::Mark& mark, const std::string& tag);
  void count();
  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style);
  void close();
  void add(Node node);
  void add_key(Node node);
  void add_spoilt(const Node::Place& place);

  Diagnostics& diagnostics_;
  const Environment& environment_;
  ReadTotals& totals_;
  std::shared_ptr<const std::string> file_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  Document document_;
  std::optional<Node> root_;
};

}  // namespace berth::config
