// redirect(): what a client gets for each kind of location.
#include <string>

#include "helpers.h"

namespace berth::test {
namespace {

// A request of that target, with what the handler does escaped into a query of its own.
std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.append("%").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
  }
  return out;
}
RecordedResponse redirect(const std::string& path, std::string_view to, int status = 302) {
  return Helper("redirects").get(path + "?status=" + std::to_string(status) + "&to=" + escaped(to));
}

TEST(Redirect, ResolvesAgainstWhatWasAskedFor_G100) {
  const struct {
    const char* path;
    const char* to;
    const char* location;
  } rows[] = {
      {"/a/b", "/login", "/login"},
      {"/a/b", "c", "/a/c"},
      {"/a/b/", "c", "/a/b/c"},
      {"/a/b", "c/", "/a/c/"},
      {"/a/b", "../c", "/c"},
      {"/a/b", "../../../c", "/c"},
      {"/a/b", "..", "/"},
      {"/a/b/c", "..", "/a/"},
      {"/a/b", ".", "/a/"},
      {"/a/b", "./", "/a/"},
      {"/a/b", "/x/./y/../z//w", "/x/z/w"},
      {"/a/b", "/x/..", "/"},
      {"/a/b", "/..//evil.example", "/evil.example"},
      {"/a/b", "c?d=/../e//f", "/a/c?d=/../e//f"},
      {"/a/b", "c#d/../e", "/a/c#d/../e"},
      {"/a%20b/c", "d", "/a%20b/d"},
      {"/a%2Fb/c", "d", "/a%2Fb/d"},
      {"http://example.com/a/b", "c", "/a/c"},
      {"http://example.com", "c", "/c"},
      {"*", "c", "/c"},
      {"/a#b/c", "d", "/a%23b/d"},
      {"/a/.#b", "?c", "/a/.%23b?c"},
      {"//evil.example/a", "b", "/evil.example/b"},
      {"/a/b", "1:2", "/a/1:2"},
      {"/a/b", "https://example.com/x/../y//z", "https://example.com/x/../y//z"},
      {"/a/b", "mailto:a@example.com", "mailto:a@example.com"},
      {"/a/b", "//example.com/x", "//example.com/x"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(redirect(row.path, row.to).header("Location"), row.location)
        << row.path << " " << row.to;
  }
}

TEST(Redirect, WithoutAPathItStaysAtItsOwnRfc3986) {
  const std::string query = "?status=302&to=";
  EXPECT_EQ(redirect("/a/b", "?page=2").header("Location"), "/a/b?page=2");
  EXPECT_EQ(redirect("/a/b", "#end").header("Location"), "/a/b" + query + escaped("#end") + "#end");
  EXPECT_EQ(redirect("/a/b", "").header("Location"), "/a/b" + query);
}

TEST(Redirect, WhatNoUriHoldsIsEscaped) {
  const struct {
    std::string_view to;
    const char* location;
  } rows[] = {
      {"/a\r\nSet-Cookie: b=c", "/a%0D%0ASet-Cookie:%20b=c"},
      {"https://example.com/\n", "https://example.com/%0A"},
      {std::string_view("/a\0b", 4), "/a%00b"},
      {"/caf\xc3\xa9", "/caf%C3%A9"},
      {"/caf%C3%A9%2f", "/caf%C3%A9%2f"},
      {"/\\evil.example", "/%5Cevil.example"},
      {"/a b\t<\">^`{|}\x7f", "/a%20b%09%3C%22%3E%5E%60%7B%7C%7D%7F"},
      {"/-._~!$&'()*+,;=:@[]", "/-._~!$&'()*+,;=:@[]"},
  };
  for (const auto& row : rows) EXPECT_EQ(redirect("/", row.to).header("Location"), row.location);
}

TEST(Redirect, AGetIsToldInHtml) {
  const RecordedResponse response = redirect("/", "/a?b=c&d='e'", 301);
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(response.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(response.body, "<a href=\"/a?b=c&amp;d=&#39;e&#39;\">Moved Permanently</a>.\n\n");
  for (const int status : {301, 302, 303, 307, 308}) {
    EXPECT_EQ(redirect("/", "/a", status).status, status);
  }
}

TEST(Redirect, OthersAreToldNothing) {
  Helper helper("redirects");
  const RecordedResponse head = helper.serve({"HEAD", "/?status=302&to=/a"});
  EXPECT_EQ(head.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(head.body, "");
  const RecordedResponse post = helper.serve({"POST", "/?status=303&to=/a"});
  EXPECT_EQ(post.status, 303);
  EXPECT_EQ(post.header("Content-Type"), std::nullopt);
  EXPECT_EQ(post.body, "");
  const RecordedResponse typed = helper.get("/?status=302&to=/a&type=text/plain");
  EXPECT_EQ(typed.header("Content-Type"), "text/plain");
  EXPECT_EQ(typed.body, "");
}

TEST(Redirect, AnyOtherStatusIsRefused) {
  for (const int status : {200, 300, 304, 305, 306, 400}) {
    EXPECT_EQ(redirect("/", "/a", status).status, 500) << status;
  }
}

}  // namespace
}  // namespace berth::test
