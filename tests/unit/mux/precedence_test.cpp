#include "mux/precedence.h"

#include <gtest/gtest.h>

#include <string>

#include "mux/conflict_text.h"
#include "unit/mux/naive_matcher.h"

namespace berth::mux {
namespace {

constexpr Relation kSame = Relation::kEquivalent;
constexpr Relation kWider = Relation::kMoreGeneral;
constexpr Relation kNarrower = Relation::kMoreSpecific;
constexpr Relation kOverlap = Relation::kOverlaps;
constexpr Relation kApart = Relation::kDisjoint;

Pattern pattern(const char* text) { return std::move(Pattern::parse(text)).value(); }

struct Row {
  const char* a;
  const char* b;
  Relation expected;  // of a to b
};

TEST(Precedence, OfMethods) {
  EXPECT_EQ(compare_methods("GET", "GET"), kSame);
  EXPECT_EQ(compare_methods("", ""), kSame);
  EXPECT_EQ(compare_methods("", "GET"), kWider);
  EXPECT_EQ(compare_methods("POST", ""), kNarrower);
  EXPECT_EQ(compare_methods("GET", "HEAD"), kWider);
  EXPECT_EQ(compare_methods("HEAD", "GET"), kNarrower);
  EXPECT_EQ(compare_methods("GET", "POST"), kApart);
  EXPECT_EQ(compare_methods("HEAD", "POST"), kApart);
  EXPECT_EQ(compare_methods("GET", "get"), kApart);
}

constexpr Row kPaths[] = {
    // Literals.
    {"/a", "/a", kSame},
    {"/a", "/b", kApart},
    {"/a", "/A", kApart},
    {"/a%2Fb", "/a/b", kApart},
    {"/%61", "/a", kSame},
    {"/a/b", "/a/b", kSame},
    {"/a/b", "/a", kApart},
    // Trailing slashes and {$}.
    {"/a/", "/a", kApart},
    {"/a/", "/a/", kSame},
    {"/a/{$}", "/a/{$}", kSame},
    {"/a/{$}", "/a", kApart},
    {"/a/{$}", "/a/", kNarrower},
    {"/a/{$}", "/a/{x...}", kNarrower},
    {"/a/{$}", "/a/{x}", kApart},
    {"/a/{$}", "/a/b", kApart},
    {"/{$}", "/", kNarrower},
    {"/{$}", "/a/{$}", kApart},
    {"/{x}/{$}", "/a/{$}", kWider},
    // {name}.
    {"/{x}", "/{y}", kSame},
    {"/{x}", "/a", kWider},
    {"/{x}", "/a/", kApart},
    {"/{x}", "/{$}", kApart},
    {"/{x}", "/a/b", kApart},
    {"/{x}/b", "/a/b", kWider},
    {"/a/{x}", "/a/b", kWider},
    {"/a/{x}", "/{x}/b", kOverlap},
    {"/a/{x}", "/b/{x}", kApart},
    {"/{x}/{y}", "/a/{y}", kWider},
    {"/{x}/b/{z}", "/a/{y}/c", kOverlap},
    {"/{x}/b/{z}", "/a/c/d", kApart},
    {"/a/{x}/{y}", "/{x}/{y}/c", kOverlap},
    {"/a/{x}", "/a/{x}/b", kApart},
    // {name...} and subtrees.
    {"/{r...}", "/", kSame},
    {"/{r...}", "/{s...}", kSame},
    {"/", "/a", kWider},
    {"/", "/{x}", kWider},
    {"/", "/a/", kWider},
    {"/", "/a/b/c", kWider},
    {"/a/", "/a/b", kWider},
    {"/a/", "/a/b/", kWider},
    {"/a/", "/b/", kApart},
    {"/a/", "/{x}/", kNarrower},
    {"/a/", "/{x}", kApart},
    {"/a/", "/{x}/b", kOverlap},
    {"/a/", "/{x}/b/", kOverlap},
    {"/a/", "/{x}/{$}", kOverlap},
    {"/a/", "/{x}/{y}/c", kOverlap},
    {"/{x}/", "/a/b", kWider},
    {"/{x}/b/", "/a/{y}/", kOverlap},
    {"/a/{r...}", "/{x}/b", kOverlap},
    {"/a/{x}/{r...}", "/a/", kNarrower},
    {"/a/{x}/{r...}", "/a/b/", kWider},
    {"/a/{x}/{r...}", "/a/b/c/d", kWider},
    {"/a/{x}/", "/a/b", kApart},
    {"/{x}/{y}/", "/{x}/b/{$}", kWider},
    {"/a/{x}/", "/{x}/b/{$}", kOverlap},
    {"/{x}/{r...}", "/{x}/{y}/{s...}", kWider},
    {"/b/c/", "/b/{x}/d", kOverlap},
    {"/b/c/", "/b/c/d/{$}", kWider},
};

TEST(Precedence, OfPaths) {
  for (const Row& row : kPaths) {
    EXPECT_EQ(compare_paths(pattern(row.a), pattern(row.b)), row.expected)
        << row.a << " and " << row.b;
    EXPECT_EQ(compare_paths(pattern(row.b), pattern(row.a)), mirror(row.expected))
        << row.b << " and " << row.a;
  }
}

TEST(Precedence, OfMethodsAndPathsTogether) {
  const Row rows[] = {
      {"GET /a", "GET /a", kSame},         {"GET /a", "/a", kNarrower},
      {"GET /a", "HEAD /a", kWider},       {"GET /a", "POST /a", kApart},
      {"GET /a", "POST /{x}", kApart},     {"GET /a", "GET /{x}", kNarrower},
      {"GET /a", "/{x}", kNarrower},       {"GET /{x}", "/a", kOverlap},
      {"HEAD /a", "GET /{x}", kNarrower},  {"GET /a", "HEAD /{x}", kOverlap},
      {"GET /{x}", "HEAD /a", kWider},     {"GET /a/", "/a/{$}", kOverlap},
      {"GET /", "/a", kOverlap},           {"GET /", "/", kNarrower},
      {"POST /a/{x}", "/{x}/b", kOverlap}, {"GET /a/{x}", "HEAD /{x}/b", kOverlap},
      {"PUT /a/{x}", "/a/{x}/b", kApart},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(relation(pattern(row.a), pattern(row.b)), row.expected) << row.a << " and " << row.b;
    EXPECT_EQ(relation(pattern(row.b), pattern(row.a)), mirror(row.expected))
        << row.b << " and " << row.a;
  }
}

TEST(Precedence, PatternsOfDifferentHostsNeverConflict) {
  struct HostRow {
    const char* a;
    const char* b;
    bool conflict;
  };
  const HostRow rows[] = {
      {"/a", "/a", true},           {"h/a", "/a", false},         {"h/a", "i/a", false},
      {"h/a", "H/a", true},         {"h/a/{x}", "h/{x}/b", true}, {"h/a/{x}", "/{x}/b", false},
      {"h/", "/a", false},          {"GET /a", "h/{x}", false},   {"/a", "/{x}", false},
      {"GET /a", "HEAD /a", false}, {"GET /{x}", "/a", true},     {"GET /a", "POST /a", false},
  };
  for (const HostRow& row : rows) {
    EXPECT_EQ(conflicts(pattern(row.a), pattern(row.b)), row.conflict) << row.a << ", " << row.b;
    EXPECT_EQ(conflicts(pattern(row.b), pattern(row.a)), row.conflict) << row.b << ", " << row.a;
  }
}

TEST(Precedence, ExamplePathsProveTheRelation) {
  using testing::path_matches;
  for (const Row& row : kPaths) {
    const Pattern a = pattern(row.a);
    const Pattern b = pattern(row.b);
    if (row.expected != kApart) {
      const std::string common = common_path(a, b);
      EXPECT_TRUE(path_matches(a, common)) << row.a << ", " << row.b << ": " << common;
      EXPECT_TRUE(path_matches(b, common)) << row.a << ", " << row.b << ": " << common;
    }
    if (row.expected == kOverlap || row.expected == kWider) {
      const std::string only_a = difference_path(a, b);
      EXPECT_TRUE(path_matches(a, only_a)) << row.a << ", " << row.b << ": " << only_a;
      EXPECT_FALSE(path_matches(b, only_a)) << row.a << ", " << row.b << ": " << only_a;
    }
  }
}

TEST(Precedence, ConflictsAreDescribedWithAPath) {
  struct TextRow {
    const char* a;
    const char* b;
    const char* text;
  };
  const TextRow rows[] = {
      {"/a/{x}", "/a/{y}", "/a/{x} matches the same requests as /a/{y}"},
      {"/", "/{all...}", "/ matches the same requests as /{all...}"},
      {"/a/{x}", "/{y}/b",
       "/a/{x} and /{y}/b both match paths like /a/b, and neither is more specific: only the first "
       "matches /a/x, only the second /y/b"},
      {"GET /a/", "GET /{x}/{$}",
       "GET /a/ and GET /{x}/{$} both match paths like /a/, and neither is more specific: only the "
       "first matches /a/x, only the second /x/"},
      {"/a/{b}", "/{a}/b",
       "/a/{b} and /{a}/b both match paths like /a/b, and neither is more specific: only the first "
       "matches /a/bx, only the second /ax/b"},
      {"/a/b", "GET /a/{x}",
       "/a/b has the more specific path, GET /a/{x} the more specific method: neither is more "
       "specific for GET /a/b"},
      {"HEAD /", "GET /{x}",
       "GET /{x} has the more specific path, HEAD / the more specific method: neither is more "
       "specific for HEAD /x"},
  };
  for (const TextRow& row : rows) {
    EXPECT_EQ(describe_conflict(pattern(row.a), pattern(row.b)), row.text);
  }
}

}  // namespace
}  // namespace berth::mux
