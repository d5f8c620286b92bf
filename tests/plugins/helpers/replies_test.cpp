// error_reply(), not_found() and StripPrefix.
#include "helpers.h"

namespace berth::test {
namespace {

using testing::Field;

TEST(ErrorReply, IsTextThatNoBrowserTakesForMore) {
  Helper helper("fails");
  const RecordedResponse response = helper.get("/?status=403&text=%3Cb%3Eno");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "<b>no\n");
  EXPECT_EQ(response.headers, (std::vector<Field>{{"Content-Type", "text/plain; charset=utf-8"},
                                                  {"X-Content-Type-Options", "nosniff"}}));
}

TEST(ErrorReply, RemovesWhatDescribedTheBodyItReplaces_G80) {
  Helper helper("fails");
  const RecordedResponse response = helper.get(
      "/?status=500&text=sorry&Content-Length=99&Content-Encoding=gzip&ETag=%22a%22"
      "&Last-Modified=x&Cache-Control=max-age%3D60&Content-Type=image/png&X-Kept=1&Vary=Accept");
  EXPECT_EQ(response.status, 500);
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.headers, (std::vector<Field>{{"X-Kept", "1"},
                                                  {"Vary", "Accept"},
                                                  {"Content-Type", "text/plain; charset=utf-8"},
                                                  {"X-Content-Type-Options", "nosniff"}}));
}

TEST(ErrorReply, NotFoundSpeaksAsTheServerDoes) {
  Helper helper("fails");
  const RecordedResponse response = helper.get("/");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "404 Not Found\n");
}

TEST(StripPrefix, MatchesWholeSegmentsOnly_G101) {
  Helper helper("stripped", testing::map({{"prefixes", testing::list({"/foo/a b"})}}));
  const struct {
    const char* target;
    const char* seen;  // path and raw path; null: 404
  } rows[] = {
      {"/foo/a%20b", "/ /"},
      {"/foo/a%20b/", "/ /"},
      {"/foo/a%20b/x%20y?q=/foo", "/x y /x%20y"},
      {"/f%6Fo/a%20b/x", "/x /x"},
      {"/foo/a%20b/x%2Fy/", "/x/y/ /x%2Fy/"},
      {"/foo/a%20b//x", "//x //x"},
      {"http://example.com/foo/a%20b/x", "/x /x"},
      {"/foo/a%20bc", nullptr},
      {"/foo/a%20b%2Fx", nullptr},
      {"/foo%2Fa%20b/x", nullptr},
      {"%2Ffoo/a%20b/x", nullptr},
      {"/foo/a", nullptr},
      {"/foo", nullptr},
      {"/", nullptr},
      {"/bar/foo/a%20b/x", nullptr},
      {"/foo/../foo/a%20b/x", nullptr},
      {"/FOO/a%20b/x", nullptr},
      {"*", nullptr},
      {"http://example.com", nullptr},
  };
  for (const auto& row : rows) {
    const RecordedResponse response = helper.get(row.target);
    EXPECT_EQ(response.status, row.seen == nullptr ? 404 : 200) << row.target;
    const std::string body =
        row.seen == nullptr ? "404 Not Found\n" : std::string(row.seen) + " " + row.target;
    EXPECT_EQ(response.body, body);
  }
}

TEST(StripPrefix, StacksAndRedirectsToWhereTheClientIs) {
  Helper helper("stripped", testing::map({{"prefixes", testing::list({"/a/", "/b"})}}));
  EXPECT_EQ(helper.get("/a/b/c").body, "/c /c /a/b/c");
  EXPECT_EQ(helper.get("/b/c").status, 404);
  EXPECT_EQ(helper.get("/a/c").status, 404);
  EXPECT_EQ(helper.get("/a/b/c?redirect").header("Location"), "/a/b/in");
}

TEST(StripPrefix, OfARootStripsNothing) {
  Helper helper("stripped", testing::map({{"prefixes", testing::list({"/"})}}));
  EXPECT_EQ(helper.get("/a%20b").body, "/a b /a%20b /a%20b");
}

TEST(StripPrefix, RefusesAPrefixThatIsNoPath) {
  Recorder recorder;
  EXPECT_FALSE(recorder.mount("stripped", testing::map({{"prefixes", testing::list({"foo"})}})));
}

}  // namespace
}  // namespace berth::test
