// The route table of one generation: which route answers a request. Calls no handler and writes no
// reply; that is Mux.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mux/conflict.h"
#include "mux/match.h"
#include "mux/route.h"
#include "mux/trie.h"

namespace berth::mux {

// Immutable: any number of threads may look up at once, without a lock. Semantics are those of Go
// 1.22's ServeMux, with these differences, each to the strict side:
//   - a path that PathState::kBad describes is answered 400, for CONNECT also one with plain "." or
//     ".." segments, since CONNECT paths are not cleaned
//   - no {name} matches an empty segment (Go: with CONNECT it may)
//   - redirects of other methods than GET and HEAD use 308 (see redirect_status)
class Table {
 public:
  // Fails with all conflicts and duplicates at once (up to a limit, see Conflicts). The routes may
  // be in any order. Routes without a listener in common never conflict. seed: anything a client
  // cannot know. REQUIRES: each of a route's listeners is less than listener_count.
  [[nodiscard]] static base::Result<Table, Conflicts> build(std::vector<Route> routes,
                                                            std::uint32_t listener_count,
                                                            std::uint64_t seed);

  Table(Table&&) noexcept = default;
  Table& operator=(Table&&) noexcept = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() = default;

  // Decides on a request. host: of the request, with or without a port, in any case; empty where
  // there is none. raw_path: percent-encoded as received, without the query. listener: its number.
  // Allocates nothing; the cost grows with the path, not with the number of routes.
  void find(std::string_view method, std::string_view host, std::string_view raw_path,
            std::uint32_t listener, Match& out) const noexcept;

  // The Allow field of a 405 (RFC 9110 s10.2.1): sorted, ", " between them; GET brings HEAD.
  // Empty where no method would be. Same arguments as find.
  [[nodiscard]] std::string allowed_methods(std::string_view host, std::string_view raw_path,
                                            std::uint32_t listener) const;

  // As given to build, in that order. Lives as long as the table, also while that is moved.
  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }
  [[nodiscard]] std::uint32_t listener_count() const noexcept {
    return static_cast<std::uint32_t>(listener_tree_.size());
  }
  // The names of a route's values. Views that live as long as the table.
  [[nodiscard]] std::span<const std::string_view> value_names(std::uint32_t entry) const noexcept {
    return {value_names_.data() + targets_[entry].first_value, targets_[entry].value_count};
  }

 private:
  // What a match needs of a route.
  struct Target {
    std::uint32_t route_index;
    std::uint32_t first_value;  // in value_pieces_ and value_names_
    std::uint16_t value_count;
    std::uint16_t segment_count;
    bool rest;        // ends with {name...} or a trailing slash
    bool named_rest;  // ends with {name...}
  };
  // The tries of all listeners with the same routes.
  struct Tree {
    std::uint32_t hosts;  // node whose literal steps are hosts; kNone: no route names one
    std::uint32_t any_host;
  };

  Table(std::vector<Route> routes, Trie trie, Methods methods);

  void index_routes();
  [[nodiscard]] std::uint32_t host_root(const Tree& tree, std::string_view host) const noexcept;
  [[nodiscard]] std::uint32_t lookup_host(const Tree& tree, std::string_view host,
                                          std::string_view raw_path, const Pieces& pieces,
                                          Methods::Id method) const noexcept;
  [[nodiscard]] std::uint32_t lookup(const Tree& tree, std::string_view host,
                                     std::string_view raw_path, const Pieces& pieces,
                                     Methods::Id method) const noexcept;
  [[nodiscard]] bool exact(std::uint32_t entry, const Pieces& pieces) const noexcept;
  void set_match(std::uint32_t entry, std::string_view raw_path, const Pieces& pieces,
                 Match& out) const noexcept;
  void find_other(std::uint32_t entry, const Tree& tree, std::string_view host,
                  std::string_view raw_path, Pieces& pieces, Methods::Id method, bool unclean,
                  Match& out) const noexcept;

  std::vector<Route> routes_;
  Trie trie_;
  Methods methods_;
  std::vector<Target> targets_;              // by entry
  std::vector<std::uint16_t> value_pieces_;  // which piece of the path a value begins with
  std::vector<std::string_view> value_names_;
  std::vector<Tree> trees_;
  std::vector<std::uint32_t> listener_tree_;  // in trees_, by listener
};

// The path to redirect to, and the query as received; percent-encoded, fit for a Location field.
// raw_path and match: those of the find() that said kRedirect. raw_query: without "?".
[[nodiscard]] std::string redirect_location(const Match& match, std::string_view raw_path,
                                            std::string_view raw_query);

// 301 for GET and HEAD, as Go up to 1.25; else 308, because a client may turn a POST into a GET
// when it follows a 301 (RFC 9110 s15.4.2, s15.4.9).
[[nodiscard]] int redirect_status(std::string_view method) noexcept;

}  // namespace berth::mux
