// Which pattern of a table answers which request.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "unit/mux/make_table.h"

namespace berth::mux {
namespace {

struct Row {
  const char* method;
  const char* path;
  const char* expected;  // see outcome_of
};

void check(const std::vector<std::string_view>& patterns, const std::vector<Row>& rows) {
  const Table table = testing::table_of(patterns);
  for (const Row& row : rows) {
    EXPECT_EQ(testing::outcome_of(table, row.method, "localhost:8080", row.path), row.expected)
        << row.method << ' ' << row.path;
  }
}

TEST(Match, OfAnEmptyTableIsNotFound) {
  check({}, {{"GET", "/", "404"}, {"GET", "/a", "404"}, {"POST", "/a/b/", "404"}});
}

TEST(Match, LiteralsAreExactAndCaseSensitive) {
  check({"/a", "/ab", "/a/b", "/index.html", "/a:b@c;d"}, {{"GET", "/a", "/a"},
                                                           {"POST", "/a", "/a"},
                                                           {"GET", "/ab", "/ab"},
                                                           {"GET", "/a/b", "/a/b"},
                                                           {"GET", "/index.html", "/index.html"},
                                                           {"GET", "/a:b@c;d", "/a:b@c;d"},
                                                           {"GET", "/A", "404"},
                                                           {"GET", "/abc", "404"},
                                                           {"GET", "/a/", "404"},
                                                           {"GET", "/a/b/", "404"},
                                                           {"GET", "/a/b/c", "404"},
                                                           {"GET", "/", "404"},
                                                           {"GET", "/b", "404"}});
}

TEST(Match, LiteralsOfEveryLengthAreTold) {
  std::vector<std::string> literals;
  for (std::size_t length = 1; length <= 40; ++length) {
    literals.push_back('/' + std::string(length - 1, 'a') + 'x');
    literals.push_back('/' + std::string(length - 1, 'a') + 'y');
  }
  const Table table =
      testing::table_of(std::vector<std::string_view>(literals.begin(), literals.end()));
  for (const std::string& literal : literals) {
    EXPECT_EQ(testing::outcome_of(table, "GET", "", literal), literal);
    EXPECT_EQ(testing::outcome_of(table, "GET", "", literal.substr(0, literal.size() - 1) + 'z'),
              "404");
  }
}

TEST(Match, SubtreesTakeAllBelowThem) {
  check({"/", "/a/", "/a/b/", "/a/b/c"}, {{"GET", "/", "/"},
                                          {"GET", "/x", "/"},
                                          {"GET", "/x/y/z", "/"},
                                          {"GET", "/x/", "/"},
                                          {"GET", "/a/", "/a/"},
                                          {"GET", "/a/x", "/a/"},
                                          {"GET", "/a/x/", "/a/"},
                                          {"GET", "/a/x/y", "/a/"},
                                          {"GET", "/a/b/", "/a/b/"},
                                          {"GET", "/a/b/x", "/a/b/"},
                                          {"GET", "/a/b/c", "/a/b/c"},
                                          {"GET", "/a/b/c/", "/a/b/"},
                                          {"GET", "/a/b/c/d", "/a/b/"},
                                          {"GET", "/ab/", "/"},
                                          {"GET", "/a/bc", "/a/"}});
}

TEST(Match, EndTakesOnlyTheSlash) {
  check({"/{$}", "/a/{$}", "/b/", "/b/{$}"}, {{"GET", "/", "/{$}"},
                                              {"GET", "/x", "404"},
                                              {"GET", "/a/", "/a/{$}"},
                                              {"GET", "/a/x", "404"},
                                              {"GET", "/a/x/", "404"},
                                              {"GET", "/b/", "/b/{$}"},
                                              {"GET", "/b/x", "/b/"},
                                              {"GET", "/b/x/", "/b/"}});
}

TEST(Match, WildcardsTakeOneSegmentThatIsNotEmpty) {
  check({"/{a}", "/x/{b}", "/{a}/y/{c}", "/v/{a}/{b}/{c}"},
        {{"GET", "/foo", "/{a} a=foo"},
         {"GET", "/x", "/{a} a=x"},
         {"GET", "/", "404"},
         {"GET", "/foo/", "404"},
         {"GET", "/x/foo", "/x/{b} b=foo"},
         {"GET", "/x/", "404"},
         {"GET", "/x/foo/", "404"},
         {"GET", "/1/y/2", "/{a}/y/{c} a=1 c=2"},
         {"GET", "/x/y/2", "/{a}/y/{c} a=x c=2"},
         {"GET", "/1/z/2", "404"},
         {"GET", "/1/y/", "404"},
         {"GET", "/v/1/2/3", "/v/{a}/{b}/{c} a=1 b=2 c=3"},
         {"GET", "/v/1/2/3/4", "404"},
         {"GET", "/{a}", "/{a} a={a}"},
         {"GET", "/a.b-c_d~e", "/{a} a=a.b-c_d~e"}});
}

TEST(Match, RestTakesWhatIsLeftSlashesIncluded) {
  check({"/files/{path...}", "/u/{id}/{rest...}", "/static/", "/static/css/{f...}"},
        {{"GET", "/files/", "/files/{path...} path="},
         {"GET", "/files/a", "/files/{path...} path=a"},
         {"GET", "/files/a/", "/files/{path...} path=a/"},
         {"GET", "/files/a/b/c.txt", "/files/{path...} path=a/b/c.txt"},
         {"GET", "/files/a%2Fb/c%20d", "/files/{path...} path=a/b/c d"},
         {"GET", "/u/7/", "/u/{id}/{rest...} id=7 rest="},
         {"GET", "/u/7/x", "/u/{id}/{rest...} id=7 rest=x"},
         {"GET", "/u/7/x/y/", "/u/{id}/{rest...} id=7 rest=x/y/"},
         {"GET", "/u/", "404"},
         {"GET", "/static/x", "/static/"},
         {"GET", "/static/css/x", "/static/css/{f...} f=x"},
         {"GET", "/static/cssx", "/static/"}});
}

TEST(Match, TheMostSpecificPatternWins) {
  check({"/", "/{x}", "/a", "/{x}/", "/a/{$}", "/{x}/{y}", "/a/{y}", "/a/b", "/a/{y}/c", "/a/b/c",
         "/z/y/{rest...}", "/{x}/{y}/"},
        {{"GET", "/", "/"},
         {"GET", "/q", "/{x} x=q"},
         {"GET", "/a", "/a"},
         {"GET", "/q/", "/{x}/ x=q"},
         {"GET", "/a/", "/a/{$}"},
         {"GET", "/q/r", "/{x}/{y} x=q y=r"},
         {"GET", "/a/r", "/a/{y} y=r"},
         {"GET", "/a/b", "/a/b"},
         {"GET", "/a/q/c", "/a/{y}/c y=q"},
         {"GET", "/a/b/c", "/a/b/c"},
         {"GET", "/a/b/", "/{x}/{y}/ x=a y=b"},
         {"GET", "/a/b/q", "/{x}/{y}/ x=a y=b"},
         {"GET", "/z/y/", "/z/y/{rest...} rest="},
         {"GET", "/z/y", "/{x}/{y} x=z y=y"},
         {"GET", "/z/y/q/r", "/z/y/{rest...} rest=q/r"},
         {"GET", "/q/r/s", "/{x}/{y}/ x=q y=r"},
         {"GET", "/a/b/c/d", "/{x}/{y}/ x=a y=b"}});
}

TEST(Match, GoesBackWhereTheMoreSpecificWayEnds) {
  check({"/a/b/c", "/a/{x}/d", "/{x}/b/e", "/{x}/{y}/{z}", "/a/b/c/d/{$}", "/a/{x}/c/d/e"},
        {{"GET", "/a/b/c", "/a/b/c"},
         {"GET", "/a/b/d", "/a/{x}/d x=b"},
         {"GET", "/a/b/e", "/{x}/b/e x=a"},
         {"GET", "/a/b/f", "/{x}/{y}/{z} x=a y=b z=f"},
         {"GET", "/a/q/d", "/a/{x}/d x=q"},
         {"GET", "/a/q/e", "/{x}/{y}/{z} x=a y=q z=e"},
         {"GET", "/q/b/e", "/{x}/b/e x=q"},
         {"GET", "/a/b/c/d/", "/a/b/c/d/{$}"},
         {"GET", "/a/b/c/d/e", "/a/{x}/c/d/e x=b"},
         {"GET", "/a/b/c/d/f", "404"}});
}

TEST(Match, SegmentsAreComparedDecodedAndEachOnItsOwn) {
  check({"/a%2Fb", "/a/b", "/caf\xC3\xA9", "/%7E", "/x/{v}", "/sp%20ace"},
        {{"GET", "/a%2Fb", "/a%2Fb"},
         {"GET", "/a%2fb", "/a%2Fb"},
         {"GET", "/%61%2F%62", "/a%2Fb"},
         {"GET", "/a/b", "/a/b"},
         {"GET", "/%61/%62", "/a/b"},
         {"GET", "/caf%C3%A9", "/caf\xC3\xA9"},
         {"GET", "/caf\xC3\xA9", "/caf\xC3\xA9"},
         {"GET", "/~", "/%7E"},
         {"GET", "/%7e", "/%7E"},
         {"GET", "/x/a%2Fb", "/x/{v} v=a/b"},
         {"GET", "/x/%2F", "/x/{v} v=/"},
         {"GET", "/x/100%25", "/x/{v} v=100%"},
         {"GET", "/x/%252F", "/x/{v} v=%2F"},
         {"GET", "/x/a+b", "/x/{v} v=a+b"},
         {"GET", "/x%2Fq", "404"},
         {"GET", "/a%252Fb", "404"},
         {"GET", "/sp%20ace", "/sp%20ace"}});
}

TEST(Match, MalformedAndDisguisedSegmentsAreBadRequests) {
  check({"/", "/{a}/{b}", "CONNECT /c/{x}"}, {{"GET", "/%", "400"},
                                              {"GET", "/%2", "400"},
                                              {"GET", "/%zz", "400"},
                                              {"GET", "/a/%4/b", "400"},
                                              {"GET", "/a/bcdefgh%4", "400"},
                                              {"GET", "/%2e", "400"},
                                              {"GET", "/%2E%2e/etc", "400"},
                                              {"GET", "/a/.%2e/b", "400"},
                                              {"GET", "/a/%2e./b", "400"},
                                              {"GET", "/a/%2e/", "400"},
                                              {"GET", "//%2e%2e", "400"},
                                              {"CONNECT", "/c/%2e%2e", "400"},
                                              {"CONNECT", "/c/../d", "400"},
                                              {"CONNECT", "/c/.", "400"},
                                              {"GET", "*", "400"},
                                              {"GET", "a/b", "400"},
                                              {"GET", "/%2e%2e%2e", "/"},
                                              {"GET", "/.../..a", "/{a}/{b} a=... b=..a"},
                                              {"GET", "/%2e%2fa", "/"},
                                              {"GET", "/.a/%2ea", "/{a}/{b} a=.a b=.a"}});
}

TEST(Match, OfAMethod) {
  check({"GET /a", "POST /a", "/b", "GET /b", "HEAD /c", "GET /c", "DELETE /d/{x}", "/d/{x}",
         "PURGE /e", "PUT /f/", "GET /f/g"},
        {{"GET", "/a", "GET /a"},
         {"HEAD", "/a", "GET /a"},
         {"POST", "/a", "POST /a"},
         {"PUT", "/a", "405 GET, HEAD, POST"},
         {"get", "/a", "405 GET, HEAD, POST"},
         {"GET", "/b", "GET /b"},
         {"HEAD", "/b", "GET /b"},
         {"POST", "/b", "/b"},
         {"BREW", "/b", "/b"},
         {"HEAD", "/c", "HEAD /c"},
         {"GET", "/c", "GET /c"},
         {"DELETE", "/d/1", "DELETE /d/{x} x=1"},
         {"GET", "/d/1", "/d/{x} x=1"},
         {"PURGE", "/e", "PURGE /e"},
         {"POST", "/e", "405 PURGE"},
         {"PUT", "/f/g", "PUT /f/"},
         {"GET", "/f/g", "GET /f/g"},
         {"GET", "/f/h", "405 PUT"},
         {"POST", "/f/g", "405 GET, HEAD, PUT"},
         {"POST", "/f/h", "405 PUT"},
         {"POST", "/z", "404"}});
  check({"GET /", "POST /a/", "GET /a/b"}, {{"GET", "/a/b", "GET /a/b"},
                                            {"GET", "/a/c", "GET /"},
                                            {"POST", "/a/b", "POST /a/"},
                                            {"PUT", "/a/b", "405 GET, HEAD, POST"},
                                            {"HEAD", "/z", "GET /"},
                                            {"POST", "/z", "405 GET, HEAD"}});
}

TEST(Match, OfPathsLongerThanAnyPattern) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "/a";
  const Table table = testing::table_of({"/{r...}", "/a/{x}", "/a/a/a/{r...}"});
  EXPECT_EQ(testing::outcome_of(table, "GET", "", deep), "/a/a/a/{r...} r=" + deep.substr(7));
  EXPECT_EQ(testing::outcome_of(table, "GET", "", "/b" + deep), "/{r...} r=b" + deep);
  EXPECT_EQ(testing::outcome_of(testing::table_of({"/a/{x}"}), "GET", "", deep + "/"), "404");
  EXPECT_EQ(testing::outcome_of(testing::table_of({"/a/{x}"}), "GET", "", deep + "/.."),
            "301 " + deep.substr(2));
}

TEST(Match, OfTheDeepestPattern) {
  std::string pattern;
  std::string path;
  std::string values;
  for (std::size_t i = 0; i < base::limits::kPatternSegments; ++i) {
    pattern += "/{n" + std::to_string(i) + '}';
    path += "/v" + std::to_string(i);
    values += " n" + std::to_string(i) + "=v" + std::to_string(i);
  }
  const Table table = testing::table_of({pattern});
  EXPECT_EQ(testing::outcome_of(table, "GET", "", path), pattern + values);
  EXPECT_EQ(testing::outcome_of(table, "GET", "", path + "/"), "404");
  EXPECT_EQ(testing::outcome_of(table, "GET", "", path + "/x"), "404");
}

TEST(Match, HandsBackTheCallersNumber) {
  std::vector<Route> routes;
  routes.push_back(testing::make_route("/a", 70));
  routes.push_back(testing::make_route("/b", 7));
  const Table table = testing::make_table(std::move(routes));
  Match match;
  table.find("GET", "", "/b", 0, match);
  EXPECT_EQ(match.entry, 1U);
  EXPECT_EQ(match.route_index, 7U);
}

// Each pattern begins like the path and ends otherwise; a search that goes back to every choice it
// had would not end.
TEST(Match, APathThatNearlyMatchesEveryPatternIsJudgedWithoutBacktracking_F22) {
  std::vector<std::string> patterns;
  std::string prefix;
  std::string path;
  for (int i = 0; i < 31; ++i) {
    patterns.push_back(prefix + "/{x" + std::to_string(i) + "}/no");
    prefix += "/a";
    path += "/a/b";
  }
  const Table table =
      testing::table_of(std::vector<std::string_view>(patterns.begin(), patterns.end()));
  EXPECT_EQ(testing::outcome_of(table, "GET", "", prefix + "/no"), patterns.back() + " x30=a");
  for (const std::string& wanted : {prefix + "/b", path, std::string(8000, '/') + "b"}) {
    Match match;
    for (int i = 0; i < 1000; ++i) table.find("GET", "", wanted, 0, match);
    EXPECT_NE(match.outcome, Outcome::kMatched) << wanted;
  }
}

}  // namespace
}  // namespace berth::mux
