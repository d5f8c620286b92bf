// Files compressed beforehand, by Accept-Encoding (RFC 9110 s12.5.3).
#include "site.h"

#include <optional>
#include <set>
#include <string>

namespace static_files {
namespace {

struct Compressed : Site {
  Compressed() {
    write("a.txt.gz", "gzipped");
    write("a.txt.br", "brotli");
    write("b.txt", "b itself");
    write("b.txt.gz", "b gzipped");
    write("c.txt", "c itself");
    write("index.html.gz", "home gzipped");
    mount(map({{"root", root}, {"precompressed", list({"zst", "br", "gz"})}}));
  }
  RecordedResponse get_as(std::string_view name, std::string accepted) {
    return recorder.serve(request(name).header("Accept-Encoding", std::move(accepted)));
  }
};

TEST_F(Compressed, TheOneAClientWantsMostIsSentAsItIs) {
  const struct {
    const char* accepted;
    const char* coding;
    const char* body;
  } rows[] = {
      {"gzip", "gzip", "gzipped"},
      {"x-GZIP", "gzip", "gzipped"},
      {"gzip, deflate, br, zstd", "br", "brotli"},
      {"zstd", nullptr, "0123456789"},
      {"zstd, gzip;q=0.1", "gzip", "gzipped"},
      {"br;q=0.5, gzip;q=0.8", "gzip", "gzipped"},
      {"br;q=0, *", "gzip", "gzipped"},
      {"*", "br", "brotli"},
      {"*;q=0", nullptr, "0123456789"},
      {"gzip;q=0.5, identity", nullptr, "0123456789"},
      {"gzip;q=0.5, identity;q=0.5", "gzip", "gzipped"},
      {"identity;q=0, deflate", nullptr, "0123456789"},
      {"deflate", nullptr, "0123456789"},
      {"", nullptr, "0123456789"},
  };
  for (const auto& row : rows) {
    const RecordedResponse response = get_as("a.txt", row.accepted);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, row.body) << row.accepted;
    EXPECT_EQ(response.header("Content-Encoding").value_or(""),
              row.coding == nullptr ? "" : row.coding);
    EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(response.header("Vary"), "Accept-Encoding");
  }
  EXPECT_EQ(get("a.txt").body, "0123456789") << "who says nothing gets it as it is";
  EXPECT_EQ(get("a.txt").header("Vary"), "Accept-Encoding");
}

TEST_F(Compressed, SeveralLinesAreOneList) {
  RequestSpec spec = request("a.txt").header("Accept-Encoding", "br;q=0.2");
  EXPECT_EQ(recorder.serve(spec.header("accept-encoding", "gzip")).body, "gzipped");
}

TEST_F(Compressed, TheNextBestIsTakenWhereOneIsNotThere) {
  EXPECT_EQ(get_as("b.txt", "br, gzip, zstd").body, "b gzipped");
  EXPECT_EQ(get_as("c.txt", "br, gzip, zstd").body, "c itself");
  EXPECT_EQ(get_as("", "gzip").body, "home gzipped");
  EXPECT_EQ(get_as("", "gzip").header("Content-Type"), "text/html; charset=utf-8");
}

TEST_F(Compressed, EachHasATagOfItsOwn) {
  const auto plain = get("a.txt").header("ETag").value_or("");
  const auto brotli = get_as("a.txt", "br").header("ETag").value_or("");
  const auto gzip = get_as("a.txt", "gzip").header("ETag").value_or("");
  write("a.txt.zst", "0123456789");  // of the same size and time as a.txt
  const auto zstd = get_as("a.txt", "zstd").header("ETag").value_or("");
  EXPECT_TRUE(gzip.ends_with("-gz\"")) << gzip;
  EXPECT_EQ((std::set{plain, brotli, gzip, zstd}).size(), 4U);
}

TEST_F(Compressed, ConditionsAndRangesAreOfWhatIsSent) {
  const std::string tag = get_as("a.txt", "gzip").header("ETag").value_or("");
  RequestSpec spec = request("a.txt").header("Accept-Encoding", "gzip");
  RequestSpec cached = spec;
  const RecordedResponse known = recorder.serve(cached.header("If-None-Match", tag));
  EXPECT_EQ(known.status, 304);
  EXPECT_EQ(known.header("Vary"), "Accept-Encoding");
  EXPECT_EQ(known.header("Content-Encoding"), std::nullopt);
  EXPECT_EQ(recorder.serve(request("a.txt").header("If-None-Match", tag)).status, 200);
  const RecordedResponse part = recorder.serve(spec.header("Range", "bytes=0-1"));
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "gz");
  EXPECT_EQ(part.header("Content-Range"), "bytes 0-1/7");
  EXPECT_EQ(part.header("Content-Encoding"), "gzip");
}

TEST_F(Compressed, WithoutTheOriginalThereIsNothing) {
  write("gone.txt.gz", "g");
  EXPECT_EQ(get_as("gone.txt", "gzip").status, 404);
}

TEST_F(Compressed, OnlyFilesBelowTheRootAreTaken) {
  std::filesystem::create_symlink("../secret.txt", root + "/b.txt.br");
  std::filesystem::create_directory(root + "/c.txt.gz");
  EXPECT_EQ(get_as("b.txt", "br").body, "b itself");
  EXPECT_EQ(get_as("c.txt", "gzip").body, "c itself");
}

TEST_F(Compressed, ItIsOffUnlessConfigured) {
  mount();
  const RecordedResponse response = get_as("a.txt", "gzip");
  EXPECT_EQ(response.body, "0123456789");
  EXPECT_EQ(response.header("Vary"), std::nullopt);
}

}  // namespace
}  // namespace static_files
