#include "config/tree_builder.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "config/expand.h"
#include "config/printable.h"

namespace berth::config {

namespace {

// Values and keys in a file: at more than 4 bytes each a file of kConfigFile never has as many,
// and a tree of them takes some 200 MB.
constexpr std::size_t kNodes = 1'000'000;
// Bytes that aliases may copy: a long text with many aliases would multiply the file.
constexpr std::size_t kAliasBytes = base::limits::kConfigFile;

// Bytes that references may make, likewise.
constexpr std::size_t kExpandedBytes = base::limits::kConfigFile;

constexpr std::string_view kPlainTag = "?";
constexpr std::string_view kQuotedTag = "!";  // also of blocks, and of an explicit lone `!`
constexpr std::string_view kBlank = " \t\r\n";

// Where the text that begins with a quote ends: behind its other quote; npos: nowhere. yaml-cpp
// takes a quote at the very end of the file for an empty text.
std::size_t end_of_quoted(std::string_view quoted) noexcept {
  const char mark = quoted.front();
  for (std::size_t i = 1; i < quoted.size(); ++i) {
    if (quoted[i] == '\\' && mark == '"') {
      ++i;
    } else if (quoted[i] == mark) {
      if (mark == '"' || i + 1 == quoted.size() || quoted[i + 1] != mark) return i + 1;
      ++i;  // '' inside '...' is one quote
    }
  }
  return std::string_view::npos;
}

std::size_t count_references(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 1)) {
    ++count;
  }
  return count;
}

// Where the `${` of that number of a scalar stands in the source. nullopt: escapes hide it.
std::optional<std::size_t> find_reference(std::string_view source, std::size_t content,
                                          std::string_view value, std::size_t number) {
  std::string_view written = source.substr(content);
  if (written.starts_with('"') || written.starts_with('\'')) {
    written = written.substr(0, end_of_quoted(written));
    if (count_references(written) != count_references(value)) return std::nullopt;
  }
  std::size_t at = 0;
  if (written.starts_with('|') || written.starts_with('>')) at = written.find('\n');
  for (at = written.find("${", at); number > 0 && at != std::string_view::npos; --number) {
    at = written.find("${", at + 1);
  }
  if (at == std::string_view::npos) return std::nullopt;
  return content + at;
}

bool is_valid_text(std::string_view text) noexcept {
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = decode_utf8(text, code_point);
    if (length == 0 || code_point == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

TreeBuilder::TreeBuilder(Diagnostics& diagnostics, const Environment& environment,
                         ReadTotals& totals)
    : diagnostics_(diagnostics),
      environment_(environment),
      totals_(totals),
      file_(std::make_shared<const std::string>(diagnostics.file())) {}

Document TreeBuilder::take() {
  document_.root = std::move(root_);
  return std::move(document_);
}

std::optional<base::SourcePosition> TreeBuilder::open_flow() const {
  const auto found =
      std::find_if(open_.rbegin(), open_.rend(), [](const Open& open) { return open.flow; });
  if (found == open_.rend()) return std::nullopt;
  return base::SourcePosition{*file_, found->place.line, found->place.column};
}

void TreeBuilder::OnDocumentStart(const YAML::Mark&) {}

void TreeBuilder::OnDocumentEnd() {}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  count();
  Node::Place where = place(mark);
  // Where nothing is written yaml-cpp names the next token, which may be lines below.
  const std::string_view rest = diagnostics_.source().substr(offset(mark));
  const bool written =
      !rest.empty() && std::string_view("~nN&").find(rest.front()) != std::string_view::npos;
  if (!written && !open_.empty()) {
    const Open& parent = open_.back();
    if (parent.has_key && !parent.drop_value) {
      where = at(parent.keys.back());
    } else if (parent.kind == Node::Kind::kList && !parent.flow) {
      move_to_dash(mark, where);
    }
  }
  Node node = Node::null(std::move(where));
  if (anchor != YAML::NullAnchor) anchors_[anchor] = Anchored{node};
  add(std::move(node));
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  count();
  const Node::Place where = place(mark);
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end() || !found->second.scalar) {
    const bool dropped = !open_.empty() && open_.back().drop_value;
    if (!dropped) {
      refuse(where, "an alias may stand for a single value only, not for a list or a map",
             "write the list or map out");
    }
    add_spoilt(where);
    return;
  }
  const Node& scalar = *found->second.scalar;
  if (found->second.expanded && expects_key()) {
    refuse(where, "a key may not come from the environment", "write the key out");
    open_.back().has_key = true;
    open_.back().drop_value = true;
    return;
  }
  if (found->second.expanded && scalar.is_null()) return add_spoilt(where);  // reported there
  totals_.alias_bytes += scalar.text().size();
  if (totals_.alias_bytes > kAliasBytes) {
    refuse(where, "aliases repeat more than 4 MiB of text", "write shorter values");
    throw StopParsing{};
  }
  add(scalar.is_null() ? Node::null(where)
                       : Node::scalar(where, std::string(scalar.text()), scalar.quoted()));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  count();
  const Node::Place where = place(mark);
  refuse_tag(mark, tag);
  const std::string_view written = diagnostics_.source().substr(content(mark));
  const bool in_quotes = written.starts_with('"') || written.starts_with('\'');
  if (tag == kQuotedTag && in_quotes && end_of_quoted(written) == std::string_view::npos) {
    refuse(where, "the quote that begins here is never closed", {});
    throw StopParsing{};
  }
  if (!is_valid_text(value)) {
    refuse(where, "the escapes in this text make a NUL or what is not Unicode", {});
    add_spoilt(where);
    return;
  }
  const bool expand = !expects_key() && has_reference(value);
  std::optional<std::string> text = expand ? expanded(where, content(mark), value) : value;
  if (!text) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = Anchored{Node::null(where), true};
    return add_spoilt(where);
  }
  Node node = Node::scalar(where, std::move(*text), tag != kPlainTag);
  if (anchor != YAML::NullAnchor) anchors_[anchor] = Anchored{node, expand};
  add(std::move(node));
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                                  YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  open(Node::Kind::kList, mark, tag, anchor, style);
}

void TreeBuilder::OnSequenceEnd() { close(); }

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value style) {
  open(Node::Kind::kMap, mark, tag, anchor, style);
}

void TreeBuilder::OnMapEnd() { close(); }

// yaml-cpp counts from 0; at the end of the file its column may lie beyond the last line.
Node::Place TreeBuilder::place(const YAML::Mark& mark) const {
  return {file_, static_cast<std::uint32_t>(std::max(mark.line, 0)) + 1,
          static_cast<std::uint32_t>(std::max(mark.column, 0)) + 1};
}

Node::Place TreeBuilder::at(const Node& node) const {
  const base::SourcePosition position = node.position();
  return {file_, position.line, position.column};
}

void TreeBuilder::move_to_dash(const YAML::Mark& mark, Node::Place& place) const {
  const std::string_view before = diagnostics_.source().substr(0, offset(mark));
  const std::size_t dash = before.rfind('-');
  if (dash == std::string_view::npos) return;
  const auto lines =
      std::count(before.begin() + static_cast<std::ptrdiff_t>(dash), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n', dash) + 1;  // npos + 1 is 0
  place.line -= static_cast<std::uint32_t>(lines);
  place.column = static_cast<std::uint32_t>(dash - line_begin) + 1;
}

std::size_t TreeBuilder::offset(const YAML::Mark& mark) const {
  return std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), diagnostics_.source().size());
}

std::size_t TreeBuilder::content(const YAML::Mark& mark) const {
  const std::string_view source = diagnostics_.source();
  std::size_t at = offset(mark);
  if (at < source.size() && source[at] == '&') {
    at = std::min(source.find_first_of(kBlank, at), source.size());
    at = std::min(source.find_first_not_of(kBlank, at), source.size());
  }
  return at;
}

bool TreeBuilder::expects_key() const noexcept {
  return !open_.empty() && open_.back().kind == Node::Kind::kMap && !open_.back().has_key;
}

std::optional<std::string> TreeBuilder::expanded(const Node::Place& place, std::size_t content,
                                                 std::string_view value) {
  Expansion expansion = expand(value, environment_);
  for (ExpansionError& error : expansion.errors) {
    const auto at = find_reference(diagnostics_.source(), content, value, error.number);
    diagnostics_.error(
        at ? position_at(*at) : base::SourcePosition{*file_, place.line, place.column},
        std::move(error.what), std::move(error.help));
  }
  if (!expansion.errors.empty()) return std::nullopt;
  totals_.expanded_bytes += expansion.text.size();
  if (totals_.expanded_bytes > kExpandedBytes) {
    refuse(place, "the environment makes more than 4 MiB of text", "write shorter values");
    throw StopParsing{};
  }
  return std::move(expansion.text);
}

base::SourcePosition TreeBuilder::position_at(std::size_t offset) const {
  const std::string_view before = diagnostics_.source().substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {*file_, static_cast<std::uint32_t>(lines) + 1,
          static_cast<std::uint32_t>(offset - line_begin) + 1};
}

void TreeBuilder::refuse(const Node::Place& place, std::string what, std::string help) {
  diagnostics_.error({*file_, place.line, place.column}, std::move(what), std::move(help));
}

void TreeBuilder::refuse_tag(const YAML::Mark& mark, const std::string& tag) {
  const bool lone =
      tag == kQuotedTag && diagnostics_.source().substr(content(mark)).starts_with('!');
  if (tag.empty() || tag == kPlainTag || (tag == kQuotedTag && !lone)) return;
  refuse(place(mark), "YAML tags such as !!binary or !name are not supported",
         "leave the tag out; quote a text that begins with !");
}

void TreeBuilder::count() {
  if (++totals_.values <= kNodes) return;
  diagnostics_.error({*file_, 0, 0}, "the configuration holds more than 1000000 values", {});
  throw StopParsing{};
}

void TreeBuilder::open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
                       YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
  count();
  refuse_tag(mark, tag);
  const Node::Place where = place(mark);
  if (open_.size() == base::limits::kConfigDepth) {
    refuse(where,
           "lists and maps are nested deeper than " + std::to_string(base::limits::kConfigDepth),
           {});
    throw StopParsing{};
  }
  if (anchor != YAML::NullAnchor) {
    refuse(where, "an anchor may name a single value only, not a list or a map",
           "leave the anchor out and write the list or map where it is needed");
    anchors_[anchor] = Anchored{};
  }
  Open opened;
  opened.kind = kind;
  opened.place = where;
  opened.flow = style == YAML::EmitterStyle::Flow;
  open_.push_back(std::move(opened));
}

void TreeBuilder::close() {
  Open closed = std::move(open_.back());
  open_.pop_back();
  add(closed.kind == Node::Kind::kList
          ? Node::list(std::move(closed.place), std::move(closed.values))
          : Node::map(std::move(closed.place), std::move(closed.keys), std::move(closed.values)));
}

void TreeBuilder::add(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Open& parent = open_.back();
  if (parent.kind == Node::Kind::kMap && !parent.has_key) return add_key(std::move(node));
  if (!parent.drop_value) parent.values.push_back(std::move(node));
  parent.has_key = false;
  parent.drop_value = false;
}

void TreeBuilder::add_key(Node node) {
  Open& map = open_.back();
  map.has_key = true;
  map.drop_value = true;
  const base::SourcePosition position = node.position();
  if (!node.is_scalar()) {
    return diagnostics_.error(position,
                              "a key has to be text, this is " + std::string(node.kind_name()),
                              node.is_null() ? "put the key in quotes" : "");
  }
  if (node.text() == "<<" && !node.quoted()) {
    return diagnostics_.error(position, "merge keys (<<) are not supported",
                              "write the keys out where they are needed");
  }
  const auto [first, is_new] = map.seen.emplace(node.text(), map.keys.size());
  if (!is_new) {
    return diagnostics_.error(position, "duplicate key " + quote(node.text()),
                              "it stands first at " + map.keys[first->second].position().text());
  }
  map.drop_value = false;
  map.keys.push_back(std::move(node));
}

void TreeBuilder::add_spoilt(const Node::Place& place) {
  document_.spoilt.emplace(place.line, place.column);
  add(Node::null(place));
}

}  // namespace berth::config
