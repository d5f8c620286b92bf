// What is served, and how.
#include "site.h"

#include <optional>

namespace static_files {
namespace {

using berth::testing::Complaint;

TEST_F(Site, AFileIsServedWithAllThatDescribesIt) {
  mount();
  const RecordedResponse response = get("a.txt");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "0123456789");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.header("Content-Length"), "10");
  EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.header("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(response.header("ETag"), "\"ae1b981bc490a00-a\"");
  EXPECT_EQ(response.header("Accept-Ranges"), "bytes");
  EXPECT_EQ(response.header("Cache-Control"), std::nullopt);
}

TEST_F(Site, AFileSenderIsUsedWhereThereIsOne) {
  mount();
  const RecordedResponse sent = recorder.serve(request("a.txt").with_file_sender());
  EXPECT_EQ(sent.body, "0123456789");
  ASSERT_EQ(sent.files.size(), 1U);
  EXPECT_EQ(sent.files[0].size, 10);
  const std::string large(100'000, 'x');
  write("large", large);
  EXPECT_EQ(get("large").body, large) << "without one it is read";
}

TEST_F(Site, HeadTellsWhatGetWould) {
  mount();
  RequestSpec head = request("a.txt");
  head.method = "HEAD";
  const RecordedResponse response = recorder.serve(head);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers, get("a.txt").headers);
  EXPECT_EQ(response.body, "");
}

TEST_F(Site, AnEmptyFileIsOne) {
  write("empty", "");
  mount();
  const RecordedResponse response = get("empty");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Length"), "0");
  EXPECT_EQ(response.header("Content-Type"), "application/octet-stream");
}

TEST_F(Site, TypesAreToldByTheExtensionInAnyCase) {
  const struct {
    const char* name;
    const char* type;
  } rows[] = {{"x.html", "text/html; charset=utf-8"},
              {"x.HTML", "text/html; charset=utf-8"},
              {"x.css", "text/css; charset=utf-8"},
              {"x.js", "text/javascript; charset=utf-8"},
              {"x.json", "application/json"},
              {"x.svg", "image/svg+xml"},
              {"x.png", "image/png"},
              {"x.wasm", "application/wasm"},
              {"x.woff2", "font/woff2"},
              {"x.tar.gz", "application/gzip"},
              {"x.webmanifest", "application/manifest+json"},
              {"x.ico", "image/vnd.microsoft.icon"},
              {"x.zip", "application/zip"},
              {"x.aac", "audio/aac"},
              {"x", "application/octet-stream"},
              {"x.", "application/octet-stream"},
              {"x.nothing", "application/octet-stream"},
              {"x.averylongextension", "application/octet-stream"}};
  mount();
  for (const auto& row : rows) {
    write(row.name, "x");
    EXPECT_EQ(get(row.name).header("Content-Type"), row.type) << row.name;
  }
}

TEST_F(Site, AFolderIsItsIndex) {
  mount();
  EXPECT_EQ(get("").body, "<p>home</p>");
  EXPECT_EQ(get("").header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(get("sub/").body, "<p>sub</p>");
  std::filesystem::create_directory(root + "/bare");
  EXPECT_EQ(get("bare/").status, 404);
}

TEST_F(Site, AFolderWithoutASlashIsRedirected) {
  mount();
  const RecordedResponse response = get("sub?a=b");
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(response.header("Location"), "./sub/?a=b");
  std::filesystem::create_directory(root + "/a:b c");
  EXPECT_EQ(recorder.serve(request("a:b%20c", "a:b c")).header("Location"), "./a:b%20c/");
}

TEST_F(Site, AnIndexMayHaveAnotherNameOrNone) {
  write("start.htm", "start");
  mount(map({{"root", root}, {"index", "start.htm"}}));
  EXPECT_EQ(get("").body, "start");
  EXPECT_EQ(get("sub/").status, 404);
  mount(map({{"root", root}, {"index", "false"}}));
  EXPECT_EQ(get("").status, 404);
  EXPECT_EQ(get("sub/").status, 404);
  EXPECT_EQ(get("sub").status, 404) << "not even that it is there";
  EXPECT_EQ(get("sub/index.html").body, "<p>sub</p>");
}

TEST_F(Site, CacheControlIsAsConfigured) {
  mount(map({{"root", root}, {"cache_control", "max-age=60"}}));
  EXPECT_EQ(get("a.txt").header("Cache-Control"), "max-age=60");
  EXPECT_EQ(get("none").header("Cache-Control"), std::nullopt);
}

TEST_F(Site, ARootThatIsReplacedIsServedFromThenOn) {
  mount();
  EXPECT_EQ(get("a.txt").body, "0123456789");
  std::filesystem::rename(root, base + "/old");
  EXPECT_EQ(get("a.txt").status, 404);
  std::filesystem::create_directory(base + "/new");
  std::filesystem::create_directory_symlink(base + "/new", root);
  write("a.txt", "new");
  EXPECT_EQ(get("a.txt").body, "new");
}

TEST_F(Site, TheConfigurationIsChecked) {
  const std::string file = root + "/a.txt";
  const std::string missing = root + "/missing";
  const struct {
    Node config;
    Complaint complaint;
  } rows[] = {
      {map({}), {"", "root: missing; expected a path"}},
      {map({{"root", ""}}), {"root", "root: expected a path, not nothing"}},
      {map({{"root", missing}}),
       {"root", "root: cannot open " + missing + ": No such file or directory"}},
      {map({{"root", file}}), {"root", "root: cannot open " + file + ": Not a directory"}},
      {map({{"root", root}, {"index", "a/b"}}),
       {"index", "index: expected the name of a file, or false"}},
      {map({{"root", root}, {"index", ".."}}),
       {"index", "index: expected the name of a file, or false"}},
      {map({{"root", root}, {"cache_control", "a\nb"}}),
       {"cache_control", "cache_control: expected printable ASCII"}},
      {map({{"root", root}, {"dotfiles", "yes"}}),
       {"dotfiles", "dotfiles: expected true or false, not \"yes\""}},
      {map({{"root", root}, {"precompressed", list({"gz", "zip"})}}),
       {"precompressed[1]", "precompressed[1]: expected zst, br or gz"}},
      {map({{"root", root}, {"precompressed", list({"gz", "gz"})}}),
       {"precompressed[1]", "precompressed[1]: it is there twice"}},
      {map({{"root", root}, {"indx", "a"}}),
       {"(key) indx", "unknown key \"indx\" (did you mean \"index\"?)"}},
  };
  for (const auto& row : rows) {
    EXPECT_FALSE(recorder.mount("directory", row.config, "/{path...}"));
    EXPECT_EQ(recorder.complaints(), std::vector<Complaint>{row.complaint});
  }
  for (const char* pattern : {"/static/", "GET /{path}", "/"}) {
    EXPECT_FALSE(recorder.mount("directory", map({{"root", root}}), pattern));
    EXPECT_EQ(recorder.complaints(),
              (std::vector<Complaint>{{"", "the route's pattern has to end in {path...}"}}));
  }
}

TEST_F(Site, TheWildcardMayHaveAnyName) {
  ASSERT_TRUE(recorder.mount("directory", map({{"root", root}}), "/{user}/{rest...}"));
  RequestSpec spec("GET", "/me/a.txt");
  EXPECT_EQ(recorder.serve(spec.path_value("user", "me").path_value("rest", "a.txt")).body,
            "0123456789");
}

}  // namespace
}  // namespace static_files
