// Tells a person which route answers a request and why the others do not. Not for the request path:
// it looks at every route and allocates.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mux/match.h"
#include "mux/table.h"

namespace berth::mux {

// In the order in which explain lists them.
enum class Verdict : std::uint8_t {
  kWins,
  kLessSpecific,   // matches, but another one is more specific
  kOtherMethod,    // path, host and listener fit
  kOtherHost,      // the path and the listener fit
  kOtherListener,  // the path fits
  kOtherPath,
};

// One word or two, lower case. Static storage.
[[nodiscard]] std::string_view name(Verdict verdict) noexcept;

struct Candidate {
  std::uint32_t entry;  // the route's place in Table::routes()
  Verdict verdict;
  std::string reason;  // in words, without a final stop
};

struct Explanation {
  Outcome outcome;
  std::string summary;  // what the client gets, in one sentence without a final stop
  // Every route once, by verdict, then by place in the table. Where the outcome is a redirect, they
  // are judged for the path redirected to. Empty where the outcome is kBadRequest.
  std::vector<Candidate> candidates;
};

// Arguments as for Table::find; raw_query without "?", for the target of a redirect.
[[nodiscard]] Explanation explain(const Table& table, std::string_view method,
                                  std::string_view host, std::string_view raw_path,
                                  std::string_view raw_query, std::uint32_t listener);

}  // namespace berth::mux
