#include "mux/path.h"
#include "mux/cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace berth::mux {
namespace {

std::string joined(std::string_view raw_path, const Pieces& pieces) {
  std::string out;
  for (std::size_t i = 0; i < std::min(pieces.count(), Pieces::kKept); ++i) {
    out += '[' + std::string(pieces.text(i, raw_path)) + ']';
  }
  return out;
}

TEST(Path, IsCutAtItsSlashes) {
  struct Row {
    const char* path;
    PathState state;
    const char* pieces;
  };
  constexpr PathState kClean = PathState::kClean;
  constexpr PathState kEmpty = PathState::kEmptyPieces;
  constexpr PathState kDots = PathState::kDotPieces;
  const Row rows[] = {
      {"/", kClean, "[]"},
      {"/a", kClean, "[a]"},
      {"/a/", kClean, "[a][]"},
      {"/ab/cd/ef", kClean, "[ab][cd][ef]"},
      {"/abcdefg", kClean, "[abcdefg]"},
      {"/abcdefgh", kClean, "[abcdefgh]"},
      {"/abcdefgh/", kClean, "[abcdefgh][]"},
      {"/abcdefg/hijklmno/p", kClean, "[abcdefg][hijklmno][p]"},
      {"/bcdefghijklmno", kClean, "[bcdefghijklmno]"},
      {"/bcdefghijklmnop", kClean, "[bcdefghijklmnop]"},
      {"/bcdefghijklmno/", kClean, "[bcdefghijklmno][]"},
      {"/bcdefghijklmnop/", kClean, "[bcdefghijklmnop][]"},
      {"/bcdefghijklmno//", kEmpty, "[bcdefghijklmno][][]"},
      {"/bcdefghijklmno/./rstuvwxyz", kDots, "[bcdefghijklmno][.][rstuvwxyz]"},
      {"/bcdefghijklmno/..", kDots, "[bcdefghijklmno][..]"},
      {"/bcdefghijklmno/.r/./", kDots, "[bcdefghijklmno][.r][.][]"},
      {"/bcdefghijklmnop/rst/uvwx", kClean, "[bcdefghijklmnop][rst][uvwx]"},
      {"/abcdefghijklmnopqrstuvwxyz/", kClean, "[abcdefghijklmnopqrstuvwxyz][]"},
      {"/a%2Fb/c", kClean, "[a%2Fb][c]"},
      {"/\xC3\xA4\xAF/\xFF", kClean, "[\xC3\xA4\xAF][\xFF]"},
      {"/.a/b./...", kClean, "[.a][b.][...]"},
      {"", kEmpty, ""},
      {"//", kEmpty, "[][]"},
      {"/a//b", kEmpty, "[a][][b]"},
      {"/abcdefg//", kEmpty, "[abcdefg][][]"},
      {"/.", kDots, "[.]"},
      {"/..", kDots, "[..]"},
      {"/./", kDots, "[.][]"},
      {"/a/../b", kDots, "[a][..][b]"},
      {"/abcdefg/.", kDots, "[abcdefg][.]"},
      {"//..", kDots, "[][..]"},
  };
  for (const Row& row : rows) {
    Pieces pieces;
    EXPECT_EQ(cut(row.path, pieces), row.state) << row.path;
    EXPECT_EQ(joined(row.path, pieces), row.pieces) << row.path;
  }
}

TEST(Path, IsBadWhereItsEscapesAre) {
  for (const std::string_view path :
       {"a", "*", "?", "/%", "/%4", "/%4g", "/a%", "/abcdefghijk%2", "/a/b%g0/c", "/%2e", "/%2E.",
        "/.%2e", "/%2e%2E", "/a/%2e/b", "/%2e%2e/", "/%41%2"}) {
    Pieces pieces;
    EXPECT_EQ(cut(path, pieces), PathState::kBad) << path;
  }
  for (const std::string_view path : {"/%41", "/%2e%2e%2e", "/%2ea", "/a%2e", "/%00", "/%2f%2e"}) {
    Pieces pieces;
    EXPECT_EQ(cut(path, pieces), PathState::kClean) << path;
  }
}

TEST(Path, IsCleanedAsGoDoes) {
  struct Row {
    const char* path;
    const char* cleaned;
  };
  const Row rows[] = {
      {"", "/"},
      {"/", "/"},
      {"//", "/"},
      {"/.", "/"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/.", "/a"},
      {"/a/./", "/a/"},
      {"/a//b", "/a/b"},
      {"/a//b//", "/a/b/"},
      {"/../a", "/a"},
      {"/a/b/../c", "/a/c"},
      {"/a/b/..", "/a"},
      {"/a/b/../", "/a/"},
      {"/a%2F../b", "/a%2F../b"},
      {"//a b", "/a%20b"},
      {"//\\a", "/%5Ca"},
      {"//%41", "/%41"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(cleaned(row.path), row.cleaned) << row.path;
    Pieces pieces;
    cut_cleaned(row.path, pieces);
    std::string path;
    for (std::size_t i = 0; i < pieces.count(); ++i) {
      path += '/';
      path += pieces.text(i, row.path);
    }
    EXPECT_EQ(encode_illegal(path), row.cleaned) << row.path;
  }
}

TEST(Path, PiecesThatAreNotKeptAreStillCounted) {
  std::string path;
  for (std::size_t i = 0; i < Pieces::kKept + 10; ++i) path += "/a";
  Pieces pieces;
  EXPECT_EQ(cut(path, pieces), PathState::kClean);
  EXPECT_EQ(pieces.count(), Pieces::kKept + 10);
  for (std::size_t i = 0; i < 11; ++i) path += "/..";
  path += "/b";
  cut_cleaned(path, pieces);
  EXPECT_EQ(pieces.count(), Pieces::kKept);
  EXPECT_EQ(pieces.text(Pieces::kKept - 2, path), "a");
  EXPECT_EQ(pieces.text(Pieces::kKept - 1, path), "b");
}

TEST(Path, ValuesAreDecodedOnlyWhereTheyHoldAnEscape) {
  const std::string_view plain = "a+b";
  std::array<char, 8> buffer;
  EXPECT_EQ(decoded(plain, buffer).data(), plain.data());
  EXPECT_EQ(decoded("a%2Fb%00", buffer), std::string_view("a/b\0", 4));
  EXPECT_EQ(decoded("", buffer), "");
}

TEST(Path, HostsLoseTheirPort) {
  EXPECT_EQ(without_port("a.example"), "a.example");
  EXPECT_EQ(without_port("a.example:80"), "a.example");
  EXPECT_EQ(without_port("a.example:"), "a.example");
  EXPECT_EQ(without_port("[::1]"), "[::1]");
  EXPECT_EQ(without_port("[::1]:80"), "[::1]");
  EXPECT_EQ(without_port(""), "");
}

}  // namespace
}  // namespace berth::mux
