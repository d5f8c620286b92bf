#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/chunk_encoder.h"
#include "http/chunked_decoder.h"
#include "http/trailers.h"

namespace berth::http {
namespace {

using namespace std::string_literals;
using Progress = ChunkedDecoder::Progress;

// "data|Name=value +what was left", "data ..." while it is incomplete, or the text of the error.
std::string decode(std::string_view bytes, std::size_t first, std::size_t step,
                   ChunkedLimits limits) {
  ChunkedDecoder decoder(limits);
  std::string data;
  std::size_t consumed = 0;
  for (std::size_t end = first;; end += step) {
    for (;;) {
      const std::string piece(bytes.substr(consumed, end < consumed ? 0 : end - consumed));
      const ChunkedDecoder::Step result = decoder.next(piece);
      EXPECT_LE(result.consumed, piece.size());
      EXPECT_EQ(result.data.empty(), result.progress != Progress::kData);
      data += result.data;
      consumed += result.consumed;
      if (result.progress == Progress::kError) return std::string(text_of(decoder.error()));
      if (result.progress == Progress::kDone) {
        EXPECT_TRUE(decoder.done());
        for (const Field trailer : decoder.trailers()) {
          data.append("|").append(trailer.name).append("=").append(trailer.value);
        }
        return data.append(" +").append(bytes.substr(consumed));
      }
      if (result.progress == Progress::kNeedMore) break;
    }
    if (end >= bytes.size()) return data + " ...";
  }
}

void expect_decoded(const std::string& bytes, const std::string& expected,
                    ChunkedLimits limits = {}) {
  SCOPED_TRACE(bytes.substr(0, 200));
  EXPECT_EQ(decode(bytes, bytes.size(), 1, limits), expected);
  EXPECT_EQ(decode(bytes, 0, 1, limits), expected) << "byte by byte";
  const std::size_t splits = bytes.size() < 300 ? bytes.size() : 0;
  for (std::size_t first = 1; first < splits; ++first) {
    ASSERT_EQ(decode(bytes, first, bytes.size(), limits), expected) << "split at " << first;
  }
}

struct Row {
  std::string bytes;
  std::string expected;
};

TEST(ChunkedDecoder, GivesTheDataAndItsExactEnd) {
  const Row rows[] = {
      {"0\r\n\r\n", " +"},
      {"5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "hello +GET / HTTP/1.1\r\n"},
      {"1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", "abc +"},
      {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789 +"},
      {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789 +"},
      {"0000000000000003\r\nabc\r\n0\r\n\r\n", "abc +"},
      {"3;name=value\r\nabc\r\n0;last\r\n\r\n", "abc +"},
      {"3 ;a=\"b;c\"\r\nabc\r\n0\r\n\r\n", "abc +"},
      {"3\t;a\r\nabc\r\n0\r\n\r\n", "abc +"},
      {"3;a;b = c ; d=\"\\\"\xc3\xa9\\\\\";e\r\nabc\r\n0\r\n\r\n", "abc +"},
      {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n +"},
      {"0\r\nX-Checksum: 1\r\nB:\t2 \r\n\r\nrest", "|X-Checksum=1|B=2 +rest"},
      {"0\r\nA:\r\n\r\n", "|A= +"},
      {"5\r\nhel", "hel ..."},
      {"5\r\nhello\r\n0\r\n\r", "hello ..."},
      {"", " ..."},
  };
  for (const Row& row : rows) expect_decoded(row.bytes, row.expected);
}

TEST(ChunkedDecoder, RefusesEverythingElse) {
  const Row rows[] = {
      {"\r\n", "malformed chunk"},
      {"\n", "line ended by LF without CR"},
      {";a\r\n", "malformed chunk"},
      {" 3\r\n", "malformed chunk"},
      {"g\r\n", "malformed chunk"},
      {"-3\r\n", "malformed chunk"},
      {"+3\r\n", "malformed chunk"},
      {"0x3\r\n", "malformed chunk"},
      {"3g\r\n", "malformed chunk"},
      {"3 \r\n", "malformed chunk"},
      {"3 3\r\n", "malformed chunk"},
      {"3,3\r\n", "malformed chunk"},
      {"3\n", "line ended by LF without CR"},
      {"3 \n", "line ended by LF without CR"},
      {"3;a\n", "line ended by LF without CR"},
      {"3\rx", "CR without LF"},
      {"3;a\rx", "CR without LF"},
      {"3;a"s + '\0', "malformed chunk"},
      {"3;a\x7f", "malformed chunk"},
      {"3;\r\n", "malformed chunk"},
      {"3;;a\r\n", "malformed chunk"},
      {"3; \r\n", "malformed chunk"},
      {"3;a \r\n", "malformed chunk"},
      {"3;a b\r\n", "malformed chunk"},
      {"3;a=\r\n", "malformed chunk"},
      {"3;=b\r\n", "malformed chunk"},
      {"3;a=b c\r\n", "malformed chunk"},
      {"3;a=b \r\n", "malformed chunk"},
      {"3;a@b\r\n", "malformed chunk"},
      {"3;\xc3\xa9\r\n", "malformed chunk"},
      {"3;a=\"b\r\n", "malformed chunk"},
      {"3;a=\"b;c\r\n", "malformed chunk"},
      {"3;a=\"b\\\r\n", "malformed chunk"},
      {"3;a=\"b\"c\r\n", "malformed chunk"},
      {"3;a=\"b\" \r\n", "malformed chunk"},
      {"3;a=\"b\nc\"\r\n", "line ended by LF without CR"},
      {"7fffffffffffffff\r\n", " ..."},
      {"8000000000000000\r\n", "chunk size too large"},
      {"ffffffffffffffff\r\n", "chunk size too large"},
      {"10000000000000005\r\n", "chunk size too large"},
      {"00000000000000003\r\n", "chunk size too large"},
      {"3\r\nabcd", "malformed chunk"},
      {"3\r\nabc0\r\n", "malformed chunk"},
      {"3\r\nabc\n", "line ended by LF without CR"},
      {"3\r\nabc\rx", "CR without LF"},
      {"0\r\n\n", "line ended by LF without CR"},
      {"0\r\n\r\r\n", "invalid trailer field"},
      {"0\r\nA: b\n", "line ended by LF without CR"},
      {"0\r\nA: b\r\n c\r\n", "folded header field"},
      {"0\r\nA\r\n", "invalid trailer field"},
      {"0\r\n: b\r\n", "invalid trailer field"},
      {"0\r\nA : b\r\n", "invalid trailer field"},
      {"0\r\nA: \x01\r\n", "invalid trailer field"},
      {"0\r\nA: b\rc\r\n", "invalid trailer field"},
      {"0\r\nContent-Length: 5\r\n", "invalid trailer field"},
      {"0\r\ntransfer-encoding: chunked\r\n", "invalid trailer field"},
      {"0\r\nHost: h\r\n", "invalid trailer field"},
      {"0\r\nTrailer: a\r\n", "invalid trailer field"},
      {"0\r\nAuthorization: a\r\n", "invalid trailer field"},
  };
  for (const Row& row : rows) expect_decoded(row.bytes, row.expected);
}

TEST(ChunkedDecoder, HoldsItsLimitsToTheByte) {
  ChunkedLimits limits;
  limits.max_line_bytes = 8;
  expect_decoded("3;name\r\nabc\r\n0\r\n\r\n", "abc +", limits);
  expect_decoded("3;names\r\n", "chunk size line too long", limits);

  limits = {};
  limits.max_trailer_bytes = 6;
  expect_decoded("0\r\nA: b\r\n\r\n", "|A=b +", limits);
  expect_decoded("0\r\nA: bc\r\n", "trailers too large", limits);
  expect_decoded("0\r\nA: b\r\nC", "trailers too large", limits);
  limits.max_trailer_bytes = 0;
  expect_decoded("0\r\n\r\n", " +", limits);

  limits = {};
  limits.max_trailer_fields = 1;
  expect_decoded("0\r\nA: b\r\n\r\n", "|A=b +", limits);
  expect_decoded("0\r\nA: b\r\nC: d\r\n", "trailers too large", limits);
}

// Go's rule against CVE-2023-39326: 16 bytes a chunk and twice the data are free.
TEST(ChunkedDecoder, BoundsTheOverheadOfManySmallChunks) {
  std::string plain;
  for (int i = 0; i < 20000; ++i) plain += "1\r\na\r\n";
  EXPECT_EQ(decode(plain + "0\r\n\r\n", plain.size() + 5, 1, {}), std::string(20000, 'a') + " +");

  const std::string chunk = "1;" + std::string(1000, 'e') + "\r\na\r\n";
  std::string flood;
  for (int i = 0; i < 16; ++i) flood += chunk;
  EXPECT_EQ(decode(flood, flood.size(), 1, {}), std::string(16, 'a') + " ...");
  flood += chunk;
  EXPECT_EQ(decode(flood, flood.size(), 1, {}), "too much chunk overhead");
}

TEST(ChunkedDecoder, DecodesAnotherBodyAfterReset) {
  ChunkedDecoder decoder;
  EXPECT_EQ(decoder.next("0\r\nA: b\r\n\r\n").progress, Progress::kDone);
  EXPECT_EQ(decoder.next("x").consumed, 0U);
  decoder.reset({});
  EXPECT_TRUE(decoder.trailers().empty());
  EXPECT_EQ(decoder.next("2\r\nab").data, "ab");
  EXPECT_EQ(decoder.next("x").progress, Progress::kError);
  EXPECT_EQ(decoder.next("\r\n").progress, Progress::kError);
  decoder.reset({});
  EXPECT_EQ(decoder.next("0\r\n\r\n").progress, Progress::kDone);
}

TEST(ChunkEncoder, WritesWhatTheDecoderReads) {
  EXPECT_EQ(ChunkHead(1).text(), "1\r\n");
  EXPECT_EQ(ChunkHead(0x1aF).text(), "1af\r\n");
  EXPECT_EQ(ChunkHead(~std::uint64_t{0}).text(), "ffffffffffffffff\r\n");
  Fields trailers;
  trailers.add("X-Sum", "7");
  std::string out;
  append_chunk(out, "hello");
  append_chunk(out, "");
  append_chunk(out, std::string(255, 'x'));
  append_last_chunk(out, trailers);
  EXPECT_EQ(out, "5\r\nhello\r\nff\r\n" + std::string(255, 'x') + "\r\n0\r\nX-Sum: 7\r\n\r\n");
  EXPECT_EQ(decode(out, out.size(), 1, {}), "hello" + std::string(255, 'x') + "|X-Sum=7 +");
  std::string last;
  append_last_chunk(last, Fields());
  EXPECT_EQ(last, kLastChunk);
}

TEST(TrailerNames, ExcludeWhatFramesRoutesAndAuthenticates) {
  for (const std::string_view name :
       {"Content-Length", "TRANSFER-ENCODING", "host", "Trailer", "TE", "Connection", "Keep-Alive",
        "Upgrade", "If-Match", "if-anything", "Range", "Expect", "Authorization", "Cookie",
        "Set-Cookie", "Content-Type", "Content-Encoding", "Cache-Control", "Vary"}) {
    EXPECT_FALSE(is_trailer_name(name)) << name;
  }
  for (const std::string_view name :
       {"X-Checksum", "Server-Timing", "ETag", "Iffy", "grpc-status"}) {
    EXPECT_TRUE(is_trailer_name(name)) << name;
  }
}

}  // namespace
}  // namespace berth::http
