#include "mux/table.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <utility>

#include "base/limits.h"
#include "mux/cut.h"

namespace berth::mux {
namespace {

using Kind = Segment::Kind;

// Of the path that was cut. Without pieces there is nothing that a slash could be added to.
bool ends_with_slash(std::string_view raw_path, const Pieces& pieces) noexcept {
  if (pieces.count() == 0 || raw_path.ends_with('/')) return true;
  // Cleaning may end at the root: "/a/..".
  return pieces.count() == 1 && pieces.length(0) == 0;
}

// The routes of each listener, as places in the list.
std::vector<std::vector<std::uint32_t>> routes_by_listener(const std::vector<Route>& routes,
                                                           std::uint32_t listener_count) {
  std::vector<std::vector<std::uint32_t>> by_listener(listener_count);
  for (std::uint32_t entry = 0; entry < routes.size(); ++entry) {
    const std::vector<std::uint32_t>& listeners = routes[entry].listeners;
    for (std::uint32_t i = 0; i < listener_count; ++i) {
      const bool named = std::find(listeners.begin(), listeners.end(), i) != listeners.end();
      if (listeners.empty() || named) by_listener[i].push_back(entry);
    }
  }
  return by_listener;
}

}  // namespace

base::Result<Table, Conflicts> Table::build(std::vector<Route> routes, std::uint32_t listener_count,
                                            std::uint64_t seed) {
  if (Conflicts conflicts = find_conflicts(routes); !conflicts.found.empty()) {
    return base::fail(std::move(conflicts));
  }
  Methods methods;
  std::vector<Methods::Id> method_of;
  for (const Route& route : routes) method_of.push_back(methods.add(route.pattern.method()));

  Trie::Builder builder;
  std::vector<Tree> trees;
  std::vector<std::uint32_t> listener_tree;
  std::map<std::vector<std::uint32_t>, std::uint32_t> known;  // routes -> place in trees
  for (std::vector<std::uint32_t>& entries : routes_by_listener(routes, listener_count)) {
    const auto tree_index = static_cast<std::uint32_t>(trees.size());
    const auto [place, added] = known.emplace(std::move(entries), tree_index);
    listener_tree.push_back(place->second);
    if (!added) continue;
    std::map<std::string_view, DraftTree> drafts = {{std::string_view(), DraftTree()}};
    for (const std::uint32_t entry : place->first) {
      drafts[routes[entry].pattern.host()].add(routes[entry].pattern, entry);
    }
    Tree tree{Trie::kNone, Trie::kNone};
    if (drafts.size() > 1) tree.hosts = builder.add_node();
    for (const auto& [host, draft] : drafts) {
      const std::uint32_t root = builder.add_tree(draft, method_of);
      if (host.empty()) {
        tree.any_host = root;
      } else {
        builder.add_edge(tree.hosts, host, root);
      }
    }
    trees.push_back(tree);
  }
  Table table(std::move(routes), std::move(builder).build(seed), std::move(methods));
  table.trees_ = std::move(trees);
  table.listener_tree_ = std::move(listener_tree);
  return table;
}

Table::Table(std::vector<Route> routes, Trie trie, Methods methods)
    : routes_(std::move(routes)), trie_(std::move(trie)), methods_(std::move(methods)) {
  index_routes();
}

void Table::index_routes() {
  targets_.reserve(routes_.size());
  for (const Route& route : routes_) {
    const std::vector<Segment>& segments = route.pattern.segments();
    const auto first = static_cast<std::uint32_t>(value_pieces_.size());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const bool rest = segments[i].kind == Kind::kRest && !segments[i].text.empty();
      if (!rest && segments[i].kind != Kind::kWildcard) continue;
      value_pieces_.push_back(static_cast<std::uint16_t>(i));
      value_names_.emplace_back(segments[i].text);
    }
    const bool rest = segments.back().kind == Kind::kRest;
    targets_.push_back(
        {route.route_index, first, static_cast<std::uint16_t>(value_pieces_.size() - first),
         static_cast<std::uint16_t>(segments.size()), rest, rest && !segments.back().text.empty()});
  }
}

// Hosts are compared without port and case (RFC 9110 s4.2.3).
std::uint32_t Table::host_root(const Tree& tree, std::string_view host) const noexcept {
  if (tree.hosts == Trie::kNone) return Trie::kNone;
  host = without_port(host);
  std::array<char, base::limits::kPattern> lower;
  if (host.empty() || host.size() > lower.size()) return Trie::kNone;
  std::transform(host.begin(), host.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return trie_.child(tree.hosts, {lower.data(), host.size()});
}

std::uint32_t Table::lookup_host(const Tree& tree, std::string_view host, std::string_view raw_path,
                                 const Pieces& pieces, Methods::Id method) const noexcept {
  const std::uint32_t root = host_root(tree, host);
  return root == Trie::kNone ? root : trie_.find(root, raw_path, pieces, method);
}

// Patterns that name the host first; where none of them takes the request, those for every host.
[[gnu::always_inline]] inline std::uint32_t Table::lookup(const Tree& tree, std::string_view host,
                                                          std::string_view raw_path,
                                                          const Pieces& pieces,
                                                          Methods::Id method) const noexcept {
  if (tree.hosts != Trie::kNone) {
    const std::uint32_t entry = lookup_host(tree, host, raw_path, pieces, method);
    if (entry != Trie::kNone) return entry;
  }
  return trie_.find(tree.any_host, raw_path, pieces, method);
}

// Go's notion: no {name...} and no trailing slash of the pattern stands for more than nothing.
inline bool Table::exact(std::uint32_t entry, const Pieces& pieces) const noexcept {
  const Target& target = targets_[entry];
  return !target.rest ||
         (target.segment_count == pieces.count() && pieces.length(pieces.count() - 1) == 0);
}

inline void Table::set_match(std::uint32_t entry, std::string_view raw_path, const Pieces& pieces,
                             Match& out) const noexcept {
  const Target& target = targets_[entry];
  out.outcome = Outcome::kMatched;
  out.entry = entry;
  out.route_index = target.route_index;
  out.value_count = target.value_count;
  for (std::uint32_t i = 0; i < target.value_count; ++i) {
    const std::size_t piece = value_pieces_[target.first_value + i];
    out.values_buffer[i] = {pieces.offset(piece), pieces.length(piece)};
  }
  if (target.named_rest) {
    PathValue& rest = out.values_buffer[target.value_count - 1u];
    rest.length = static_cast<std::uint32_t>(raw_path.size()) - rest.offset;
  }
}

void Table::find(std::string_view method, std::string_view host, std::string_view raw_path,
                 std::uint32_t listener, Match& out) const noexcept {
  assert(listener < listener_tree_.size());
  const Tree& tree = trees_[listener_tree_[listener]];
  const Methods::Id id = methods_.id(method);
  Pieces pieces;
  const PathState state = cut(raw_path, pieces);
  if (state != PathState::kClean) [[unlikely]] {
    const bool connect = method == "CONNECT";
    if (state == PathState::kBad || (connect && state == PathState::kDotPieces)) {
      out.outcome = Outcome::kBadRequest;
      return;
    }
    // CONNECT paths are not cleaned, as in Go.
    if (!connect) {
      cut_cleaned(raw_path, pieces);
      return find_other(lookup(tree, host, raw_path, pieces, id), tree, host, raw_path, pieces, id,
                        true, out);
    }
  }
  const std::uint32_t entry = lookup(tree, host, raw_path, pieces, id);
  if (entry == Trie::kNone || !exact(entry, pieces)) {
    return find_other(entry, tree, host, raw_path, pieces, id, false, out);
  }
  set_match(entry, raw_path, pieces, out);
}

// What is not an exact match of a clean path. In Go's order: the slash that only a subtree lacks,
// cleaning, what was found, 405, 404.
void Table::find_other(std::uint32_t entry, const Tree& tree, std::string_view host,
                       std::string_view raw_path, Pieces& pieces, Methods::Id method, bool unclean,
                       Match& out) const noexcept {
  const bool found = entry != Trie::kNone;
  bool allowed = false;  // by another method, of the path with a slash too, as in Go
  out.adds_slash = false;
  if (!ends_with_slash(raw_path, pieces) && !(found && exact(entry, pieces))) {
    pieces.push(raw_path.size(), raw_path.size());
    const std::uint32_t subtree = lookup(tree, host, raw_path, pieces, method);
    out.adds_slash = subtree != Trie::kNone && exact(subtree, pieces);
    allowed = lookup(tree, host, raw_path, pieces, Methods::kEvery) != Trie::kNone;
    pieces.pop();
  }
  if (unclean || out.adds_slash) {
    out.outcome = Outcome::kRedirect;
  } else if (found) {
    set_match(entry, raw_path, pieces, out);
  } else {
    allowed |= lookup(tree, host, raw_path, pieces, Methods::kEvery) != Trie::kNone;
    out.outcome = allowed ? Outcome::kMethodNotAllowed : Outcome::kNotFound;
  }
}

std::string Table::allowed_methods(std::string_view host, std::string_view raw_path,
                                   std::uint32_t listener) const {
  assert(listener < listener_tree_.size());
  const Tree& tree = trees_[listener_tree_[listener]];
  Pieces pieces;
  if (cut(raw_path, pieces) == PathState::kBad) return {};
  std::vector<Methods::Id> ids;
  const auto collect = [&] {
    const std::uint32_t root = host_root(tree, host);
    if (root != Trie::kNone) trie_.collect_methods(root, raw_path, pieces, ids);
    trie_.collect_methods(tree.any_host, raw_path, pieces, ids);
  };
  collect();
  if (!raw_path.ends_with('/')) {
    pieces.push(raw_path.size(), raw_path.size());
    collect();
  }
  std::vector<std::string_view> names;
  for (const Methods::Id id : ids) {
    if (id != Methods::kAny) names.emplace_back(methods_.name(id));
    if (id == Methods::kGet) names.emplace_back(methods_.name(Methods::kHead));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string allow;
  for (const std::string_view name : names) {
    if (!allow.empty()) allow += ", ";
    allow += name;
  }
  return allow;
}

std::string redirect_location(const Match& match, std::string_view raw_path,
                              std::string_view raw_query) {
  std::string location = cleaned(raw_path);
  if (match.adds_slash) location += '/';
  if (!raw_query.empty()) location += '?' + encode_illegal(raw_query);
  return location;
}

int redirect_status(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" ? 301 : 308;
}

}  // namespace berth::mux
