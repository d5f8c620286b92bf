// Files over real sockets: from the folder that the configuration names, whatever the working
// folder is, and never from outside of it.
#include <gtest/gtest.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::size_t kBig = 3'000'000;

std::string big() {
  std::string text;
  text.reserve(kBig);
  for (std::size_t i = 0; i < kBig; ++i) text += static_cast<char>('a' + i * i % 26);
  return text;
}

// A folder "site" beside the configuration, and a secret outside of it.
struct Site : ::testing::Test {
  Site() {
    std::filesystem::create_directories(folder.path() + "/site/sub");
    std::filesystem::create_directory(folder.path() + "/elsewhere");
    (void)folder.write("secret.txt", "secret");
    (void)folder.write("site/index.html", "<p>home</p>");
    (void)folder.write("site/sub/index.html", "<p>sub</p>");
    (void)folder.write("site/big.bin", content);
    std::filesystem::create_symlink("../secret.txt", folder.path() + "/site/link");
    file = folder.write("berth.yaml", std::string(kListen) + R"(
plugins:
  files: { file: static_files.so }
routes:
  - { pattern: "GET /static/{path...}", handler: files.directory, config: { root: site } }
)");
  }
  std::string get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  }

  const std::string content = big();
  Folder folder;
  std::string file;
};

// A `berth run` of a configuration that is there already, from another folder.
struct Running {
  Running(const std::string& file, const Folder& folder)
      : child({BERTH_PROGRAM, "run", "--allow-root", "-c", file},
              {.environment = {{"STATE_DIRECTORY", folder.path() + "/state"}},
               .folder = folder.path() + "/elsewhere"}) {
    child.wait_for("serving");
    const std::size_t at = child.err().find(" address=127.0.0.1:");
    EXPECT_NE(at, std::string::npos) << child.err();
    if (at != std::string::npos) {
      port = static_cast<std::uint16_t>(std::stoi(child.err().substr(at + 19)));
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    child.signal(SIGTERM);
    EXPECT_EQ(child.wait(), 0) << child.err();
  }

  Child child;
  std::uint16_t port = 0;
};

TEST_F(Site, IsServedFromTheFolderBesideTheConfiguration) {
  for (const std::string& name : {file, std::string("../berth.yaml")}) {
    Running host(name, folder);
    RawClient client(host.port);
    client.send(get("/static/") + get("/static") + get("/static/sub") + get("/static/sub/"));
    EXPECT_EQ(client.read_reply().body, "<p>home</p>");
    EXPECT_EQ(client.read_reply().field("Location"), "/static/");
    EXPECT_EQ(client.read_reply().field("Location"), "./sub/");
    EXPECT_EQ(client.read_reply().body, "<p>sub</p>");
  }
}

TEST_F(Site, ALargeFileInWholeInPartAndNotAtAll) {
  Running host(file, folder);
  RawClient client(host.port);
  for (int i = 0; i < 2; ++i) {
    client.send(get("/static/big.bin"));
    const Reply whole = client.read_reply();
    EXPECT_EQ(whole.status, 200);
    EXPECT_TRUE(whole.has("Content-Length", std::to_string(kBig)));
    EXPECT_TRUE(whole.body == content);
  }
  client.send(get("/static/big.bin", "Range: bytes=1000000-1999999\r\n"));
  const Reply part = client.read_reply();
  EXPECT_EQ(part.status, 206);
  EXPECT_TRUE(part.body == content.substr(1'000'000, 1'000'000));
  const std::string tag = part.field("ETag").value_or("");
  client.send(get("/static/big.bin", "If-None-Match: " + tag + "\r\n"));
  EXPECT_EQ(client.read_reply(true).status, 304);
  client.send("HEAD /static/big.bin HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.read_reply(true).has("Content-Length", std::to_string(kBig)));
  RawClient old(host.port);
  old.send("GET /static/big.bin HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read_reply().body == content);
}

TEST_F(Site, SeveralPartsOfALargeFile) {
  Running host(file, folder);
  RawClient client(host.port);
  client.send(get("/static/big.bin", "Range: bytes=2000000-2499999,0-99\r\n") + get("/static/"));
  const Reply parts = client.read_reply();
  EXPECT_EQ(parts.status, 206);
  EXPECT_TRUE(parts.whole);
  const std::string type = parts.field("Content-Type").value_or("");
  const std::string line = "--" + type.substr(type.find('=') + 1);
  const std::string of_type = "\r\nContent-Type: application/octet-stream\r\n\r\n";
  EXPECT_TRUE(parts.body == line + "\r\nContent-Range: bytes 2000000-2499999/3000000" + of_type +
                                content.substr(2'000'000, 500'000) + "\r\n" + line +
                                "\r\nContent-Range: bytes 0-99/3000000" + of_type +
                                content.substr(0, 100) + "\r\n" + line + "--\r\n");
  EXPECT_EQ(client.read_reply().body, "<p>home</p>") << "the connection goes on";
}

TEST_F(Site, AFileCompressedBeforehandIsSentWithItsCoding) {
  (void)folder.write("site/index.html.br", "brotli");
  (void)folder.write("packed.yaml", std::string(kListen) + R"(
plugins:
  files: { file: static_files.so }
routes:
  - pattern: "GET /static/{path...}"
    handler: files.directory
    config: { root: site, precompressed: [zst, br] }
)");
  Running host("../packed.yaml", folder);
  RawClient client(host.port);
  client.send(get("/static/", "Accept-Encoding: zstd, br;q=0.5\r\n") + get("/static/"));
  const Reply packed = client.read_reply();
  EXPECT_EQ(packed.body, "brotli");
  EXPECT_EQ(packed.field("Content-Encoding"), "br");
  EXPECT_EQ(packed.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(packed.field("Vary"), "Accept-Encoding");
  const Reply plain = client.read_reply();
  EXPECT_EQ(plain.body, "<p>home</p>");
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
  EXPECT_NE(plain.field("ETag"), packed.field("ETag"));
}

// CVE-2011-3192: many ranges, or overlapping ones, of a large file. CVE-2017-7529: ends that wrap.
TEST_F(Site, ARangeBombIsTheWholeOrNothing_F14) {
  Running host(file, folder);
  RawClient client(host.port);
  std::string seventeen = "bytes=0-0";
  std::string overlapping = "bytes=0-";
  for (int i = 1; i < 17; ++i)
    seventeen += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  for (int i = 1; i < 1300; ++i) overlapping += "," + std::to_string(i) + "-";
  for (const std::string& whole :
       {seventeen, overlapping, std::string("bytes=0-9,9-10"), std::string("bytes=0-0,-3000000"),
        std::string("bytes=5-4"), std::string("bytes=-9223372036854775807,0-0")}) {
    client.send(get("/static/big.bin", "Range: " + whole + "\r\n"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200) << whole.substr(0, 40);
    EXPECT_TRUE(reply.body == content) << whole.substr(0, 40);
  }
  for (const char* behind :
       {"bytes=3000000-", "bytes=18446744073709551615-18446744073709551615", "bytes=-0",
        "bytes=18446744073709551616-", "bytes=9223372036854775808-9223372036854775809,4000000-"}) {
    client.send(get("/static/big.bin", "Range: " + std::string(behind) + "\r\n"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 416) << behind;
    EXPECT_EQ(reply.field("Content-Range"), "bytes */3000000") << behind;
  }
  for (const char* suffix : {"bytes=-18446744073709551615", "bytes=0-18446744073709551616"}) {
    client.send(get("/static/big.bin", "Range: " + std::string(suffix) + "\r\n"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.field("Content-Range"), "bytes 0-2999999/3000000") << suffix;
    EXPECT_TRUE(reply.body == content) << suffix;
  }
}

// CVE-2021-41773: neither the secret nor a path of this system is told, however it is spelled.
TEST_F(Site, NoPathLeadsOutOfIt_F15) {
  Running host(file, folder);
  for (const char* path :
       {"/static/../secret.txt", "/static/%2e%2e/secret.txt", "/static/..%2fsecret.txt",
        "/static/.%2e/secret.txt", "/static/%252e%252e/secret.txt", "/static/..;/secret.txt",
        "/static/sub/..%2F..%2Fsecret.txt", "/static/sub/%2e%2e/%2e%2e/secret.txt",
        "/static/..%c0%afsecret.txt", "/static//etc/passwd", "/static/%2fetc%2fpasswd",
        "/static../secret.txt", "/static%2f..%2fsecret.txt", "/static/a%00b",
        "/static/../secret.txt%00.html", "/static/.hidden", "/static/..%5csecret.txt",
        "http://h/static/../secret.txt", "http://h/static/..%2fsecret.txt"}) {
    RawClient client(host.port);
    client.send(get(path));
    const Reply reply = client.read_reply();
    EXPECT_TRUE(reply.status == 404 || reply.status == 400 || reply.status == 301)
        << path << ": " << reply.status;
    EXPECT_EQ(reply.body.find("secret\n"), std::string::npos) << path << ": " << reply.body;
    EXPECT_NE(reply.body, "secret") << path;
    EXPECT_EQ(reply.body.find("root:"), std::string::npos) << path << ": " << reply.body;
    EXPECT_EQ(reply.body.find(folder.path()), std::string::npos) << path;
  }
}

// Not through a link to a file or a folder, an absolute one, one of /proc, or one that takes the
// place of a folder between two requests.
TEST_F(Site, NoLinkLeadsOutOfIt_F16) {
  namespace fs = std::filesystem;
  const std::string site = folder.path() + "/site";
  fs::create_symlink("/etc/passwd", site + "/passwd");
  fs::create_symlink(site + "/index.html", site + "/absolute");
  fs::create_directory_symlink("..", site + "/up");
  fs::create_directory_symlink("/proc/self/root", site + "/magic");
  fs::create_symlink("link", site + "/chained");
  fs::create_symlink("../index.html", site + "/sub/inside");
  Running host(file, folder);
  RawClient client(host.port);
  for (const char* name : {"link", "chained", "passwd", "absolute", "up/secret.txt", "up/",
                           "magic/etc/passwd", "sub/../link"}) {
    client.send(get("/static/" + std::string(name)));
    const Reply reply = client.read_reply();
    EXPECT_TRUE(reply.status == 404 || reply.status == 301) << name << ": " << reply.status;
    EXPECT_NE(reply.body, "secret") << name;
    EXPECT_EQ(reply.body.find("root:"), std::string::npos) << name;
  }
  client.send(get("/static/sub/inside"));
  EXPECT_EQ(client.read_reply().body, "<p>home</p>") << "a link that stays inside is followed";
  (void)folder.write("elsewhere/index.html", "secret");
  fs::rename(site + "/sub", site + "/was");
  fs::create_directory_symlink("../elsewhere", site + "/sub");
  client.send(get("/static/sub/"));
  EXPECT_EQ(client.read_reply().status, 404);
  EXPECT_TRUE(host.child.wait_for("a link leads out of the root")) << "the operator is told";
}

// Of the name of a file, which comes back in a Location, and of a query.
TEST_F(Site, ARedirectToAFolderSplitsNoReply_F17) {
  std::filesystem::create_directory(folder.path() + "/site/a\r\nX-Injected: yes");
  Running host(file, folder);
  RawClient client(host.port);
  for (const char* target :
       {"/static/a%0d%0aX-Injected:%20yes", "/static/sub?%0d%0aX-Injected:%20yes",
        "/static/sub?\rX-Injected:yes"}) {
    client.send(get(target));
    const Reply reply = client.read_reply();
    EXPECT_TRUE(reply.status == 301 || reply.status == 400) << target << ": " << reply.status;
    EXPECT_EQ(reply.field("X-Injected"), std::nullopt) << target;
  }
}

TEST_F(Site, OtherMethodsAreToldWhichThereAre) {
  Running host(file, folder);
  RawClient client(host.port);
  client.send("POST /static/ HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.field("Allow"), "GET, HEAD");
}

TEST_F(Site, ARootThatIsNotThereIsAnErrorAtItsPlace) {
  (void)folder.write("wrong.yaml", R"(listen:
  - { name: public, address: "127.0.0.1:0" }
plugins:
  files: { file: static_files.so }
routes:
  - pattern: "GET /static/{path...}"
    handler: files.directory
    config:
      root: sight
)");
  const Outcome outcome = berth(folder, {"validate", "-c", "wrong.yaml"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "wrong.yaml:9:13: error: root: cannot open " + folder.path() +
                             "/sight: No such file or directory\n"
                             "          root: sight\n                ^\n");
}

}  // namespace
}  // namespace berth::e2e
