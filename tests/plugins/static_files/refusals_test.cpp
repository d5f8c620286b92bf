// What is not served: nothing outside of the root, nothing hidden, nothing that is no file.
#include "site.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace static_files {
namespace {

TEST_F(Site, WhatIsNotThereIs404) {
  mount();
  const RecordedResponse response = get("none");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "404 Not Found\n");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(get("a.txt/").status, 404) << "a file is no folder";
  EXPECT_EQ(get("a.txt/b").status, 404);
  EXPECT_EQ(get(std::string(300, 'n')).status, 404) << "longer than a name may be";
  EXPECT_EQ(get(std::string(5000, 'n')).status, 404) << "longer than a path may be";
}

TEST_F(Site, NoNameLeadsOutOfTheRoot) {
  write("...", "three dots");
  mount();
  const struct {
    std::string_view target;   // as it stands in the request
    std::string_view decoded;  // as the route's wildcard has it
  } rows[] = {
      {"../secret.txt", "../secret.txt"},
      {"%2e%2e/secret.txt", "../secret.txt"},
      {"..%2fsecret.txt", "../secret.txt"},
      {"..%2Fsecret.txt", "../secret.txt"},
      {"sub/../../secret.txt", "sub/../../secret.txt"},
      {"sub/..%2f..%2fsecret.txt", "sub/../../secret.txt"},
      {"sub/../a.txt", "sub/../a.txt"},
      {"./a.txt", "./a.txt"},
      {"sub/.", "sub/."},
      {"sub/..", "sub/.."},
      {"..", ".."},
      {".", "."},
      {"/etc/passwd", "/etc/passwd"},
      {"%2fetc%2fpasswd", "/etc/passwd"},
      {"sub%2findex.html", "sub/index.html"},
      {"sub//index.html", "sub//index.html"},
      {"/", "/"},
      {"sub//", "sub//"},
      {"..%5csecret.txt", "..\\secret.txt"},
      {"%252e%252e/secret.txt", "%2e%2e/secret.txt"},
      {"a.txt%00.html", std::string_view("a.txt\0.html", 11)},
      {"%00", std::string_view("\0", 1)},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(recorder.serve(request(row.target, row.decoded)).status, 404) << row.target;
  }
}

TEST_F(Site, AnEncodedSlashInTheQueryIsNone) {
  mount();
  EXPECT_EQ(get("a.txt?next=%2Fb").body, "0123456789");
}

TEST_F(Site, LinksAreFollowedInsideTheRootOnly) {
  namespace fs = std::filesystem;
  fs::create_symlink("a.txt", root + "/inside");
  fs::create_symlink("../a.txt", root + "/sub/up");
  fs::create_symlink("../secret.txt", root + "/outside");
  fs::create_symlink(root + "/a.txt", root + "/absolute");
  fs::create_symlink("../../secret.txt", root + "/sub/far");
  fs::create_directory_symlink("..", root + "/folder");
  fs::create_symlink("circle", root + "/circle");
  fs::create_symlink("/proc/self/root/etc/passwd", root + "/magic");
  mount();
  EXPECT_EQ(get("inside").body, "0123456789");
  EXPECT_EQ(get("sub/up").body, "0123456789");
  const std::vector<std::string> refused{"outside", "absolute", "sub/far", "folder/secret.txt",
                                         "folder/", "circle",   "magic"};
  for (const std::string& name : refused) {
    const RecordedResponse response = get(name);
    EXPECT_EQ(response.status, 404) << name;
    EXPECT_EQ(response.body, "404 Not Found\n") << name;
  }
  EXPECT_EQ(recorder.log().size(), refused.size()) << "the operator is told";
}

TEST_F(Site, WhatBeginsWithADotIsHidden) {
  write(".env", "key");
  std::filesystem::create_directory(root + "/.git");
  write(".git/config", "c");
  mount();
  for (const char* name : {".env", ".git/config", ".git/", ".git"}) {
    EXPECT_EQ(get(name).status, 404) << name;
  }
  mount(map({{"root", root}, {"dotfiles", "true"}}));
  EXPECT_EQ(get(".env").body, "key");
  EXPECT_EQ(get(".git/config").body, "c");
  EXPECT_EQ(get("..").status, 404);
  EXPECT_EQ(get("../secret.txt").status, 404);
}

TEST_F(Site, OnlyRegularFilesAreServedAndNothingIsWaitedFor) {
  ASSERT_EQ(::mkfifo((root + "/fifo").c_str(), 0600), 0);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (root + "/sock").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  mount();
  EXPECT_EQ(get("fifo").status, 404);
  EXPECT_EQ(get("sock").status, 404);
  ::close(fd);
  std::filesystem::create_directory(root + "/odd");
  std::filesystem::create_directory(root + "/odd/index.html");
  EXPECT_EQ(get("odd/").status, 404) << "an index that is a folder";
}

// In a child, which is nobody where the test is root: root may read everything.
TEST_F(Site, WhatMayNotBeReadIs403) {
  write("private", "p");
  ASSERT_EQ(::chmod((root + "/private").c_str(), 0), 0);
  ASSERT_EQ(::chmod(base.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  mount();
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        if (::geteuid() == 0 && ::setuid(kNobody) != 0) std::_Exit(2);
        const RecordedResponse response = get("private");
        std::fputs(response.body.c_str(), stderr);
        std::_Exit(response.status == 403 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "^403 Forbidden\n$");
}

// As above: what it holds may be read, what that is may not.
TEST_F(Site, AFolderThatMayOnlyBeSearchedIsServed) {
  for (const std::string& folder : {base, root, root + "/sub"}) {
    ASSERT_EQ(::chmod(folder.c_str(), 0711), 0);
  }
  mount();
  EXPECT_EXIT(
      {
        constexpr uid_t kNobody = 65534;
        if (::geteuid() == 0 && ::setuid(kNobody) != 0) std::_Exit(2);
        std::fputs(get("sub/").body.c_str(), stderr);
        std::fputs(get("sub").header("Location").value_or("").c_str(), stderr);
        std::_Exit(get("sub").status == 301 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "^<p>sub</p>./sub/$");
}

TEST_F(Site, OtherMethodsAre405) {
  mount();
  for (const char* method : {"POST", "PUT", "DELETE", "get"}) {
    RequestSpec spec = request("a.txt");
    spec.method = method;
    const RecordedResponse response = recorder.serve(spec);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.header("Allow"), "GET, HEAD");
  }
}

TEST_F(Site, AClientThatGoesAwayCutsTheFile) {
  write("large", std::string(100'000, 'x'));
  mount();
  const auto response = recorder.serve(request("large").write_fails_after(50'000, BERTH_E_CLOSED));
  EXPECT_FALSE(response.complete);
  EXPECT_EQ(response.result, BERTH_E_CLOSED);
}

}  // namespace
}  // namespace static_files
