#include "http/head_parser.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using namespace std::string_literals;
using Progress = HeadParser::Progress;

// "GET /p HTTP/1.1|Name=value|... +what was left", "incomplete", or the text of the error.
std::string outcome(const HeadParser& parser, Progress progress, std::string_view received) {
  if (progress == Progress::kIncomplete) return "incomplete";
  if (progress == Progress::kError) return std::string(text_of(parser.error()));
  const RequestHead& head = parser.head();
  std::string text(head.method);
  text.append(" ")
      .append(head.target)
      .append(" HTTP/1.")
      .append(std::to_string(head.minor_version));
  for (const Field& field : head.fields) {
    text.append("|").append(field.name).append("=").append(field.value);
  }
  return text.append(" +").append(received.substr(parser.head_size()));
}

// The bytes in two or more pieces; each call sees a buffer of its own, the ones before are gone.
std::string parse_in_pieces(std::string_view bytes, std::size_t first, std::size_t step,
                            HeadLimits limits) {
  HeadParser parser(limits);
  std::unique_ptr<std::string> buffer;
  Progress progress = Progress::kIncomplete;
  for (std::size_t end = first; progress == Progress::kIncomplete; end += step) {
    buffer = std::make_unique<std::string>(bytes.substr(0, end));
    progress = parser.parse(*buffer);
    if (end >= bytes.size()) break;
  }
  return outcome(parser, progress, bytes);
}

// All at once, by a parser that has room for fields already and so takes its short way.
std::string parse_again(const std::string& bytes, HeadLimits limits) {
  HeadParser parser(limits);
  std::string fields = "A / HTTP/1.1\r\n";
  for (int i = 0; i < 8; ++i) fields += "a:\r\n";
  static_cast<void>(parser.parse(fields + "\r\n"));  // as far as the limits let it
  parser.reset();
  const Progress progress = parser.parse(bytes);
  return outcome(parser, progress, bytes);
}

void expect_outcome(const std::string& bytes, const std::string& expected, HeadLimits limits = {}) {
  SCOPED_TRACE(bytes.substr(0, 200));
  EXPECT_EQ(parse_in_pieces(bytes, bytes.size(), 1, limits), expected);
  EXPECT_EQ(parse_again(bytes, limits), expected) << "by a used parser";
  EXPECT_EQ(parse_in_pieces(bytes, 0, 1, limits), expected) << "byte by byte";
  const std::size_t splits = bytes.size() < 300 ? bytes.size() : 0;
  for (std::size_t first = 1; first < splits; ++first) {
    ASSERT_EQ(parse_in_pieces(bytes, first, bytes.size(), limits), expected)
        << "split at " << first;
  }
}

struct Row {
  std::string bytes;
  std::string expected;
};

TEST(HeadParser, ReadsWhatIsWellFormed) {
  const Row rows[] = {
      {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 +"},
      {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 +"},
      {"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\nbody", "GET /a?b=c HTTP/1.1|Host=h +body"},
      {"\r\nGET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 +"},
      {"\r\n\r\nGET / HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.1|A=b +"},
      {"OPTIONS * HTTP/1.1\r\nHost:h\r\n\r\n", "OPTIONS * HTTP/1.1|Host=h +"},
      {"get http://h/ HTTP/1.1\r\n\r\n", "get http://h/ HTTP/1.1 +"},
      {"M-SEARCH!# /~ HTTP/1.1\r\n\r\n", "M-SEARCH!# /~ HTTP/1.1 +"},
      {"A / HTTP/1.1\r\nA:\r\nB: \t \r\nC: d\t \r\nD: \t e f\r\n\r\n",
       "A / HTTP/1.1|A=|B=|C=d|D=e f +"},
      {"A / HTTP/1.1\r\nUTF: \xc3\xa9\xff\r\nT: a\tb\r\n\r\n",
       "A / HTTP/1.1|UTF=\xc3\xa9\xff|T=a\tb +"},
      {"A / HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n", "A / HTTP/1.1|A=1|a=2 +"},
      {"A / HTTP/1.1\r\nX_Y.z~: a:b: c\r\n\r\n", "A / HTTP/1.1|X_Y.z~=a:b: c +"},
      {"GET / HTTP/1.1\r\nHost: h\r\n", "incomplete"},
      {"", "incomplete"},
      {"\r", "incomplete"},
      {"GET / HTTP/1.1\r\nA-field-name-over-sixteen-bytes_with_others: and a value over sixteen "
       "bytes too, \tyes\r\n\r\n",
       "GET / HTTP/1.1|A-field-name-over-sixteen-bytes_with_others=and a value over sixteen bytes "
       "too, \tyes +"},
  };
  for (const Row& row : rows) expect_outcome(row.bytes, row.expected);
}

TEST(HeadParser, FindsTheFaultAtItsByteWithoutTheRest) {
  const Row rows[] = {
      // request line
      {"\n", "line ended by LF without CR"},
      {"\r\r", "CR without LF"},
      {"\r\n\n", "line ended by LF without CR"},
      {"\r\n\r\n\r", "malformed request line"},
      {" GET", "invalid method"},
      {"G(T", "invalid method"},
      {"GET\t", "invalid method"},
      {"GET\r", "invalid method"},
      {"GET\n", "line ended by LF without CR"},
      {"\x16\x03\x01", "invalid method"},
      {"GET  ", "malformed request line"},
      {"GET /\r", "malformed request line"},
      {"GET /\n", "line ended by LF without CR"},
      {"GET /a\x01", "invalid request target"},
      {"GET /a\t", "invalid request target"},
      {"GET /caf\xc3", "invalid request target"},
      {"GET /"s + '\0', "invalid request target"},
      {"GET / H T", "malformed protocol version"},
      {"GET / http/1.1", "malformed protocol version"},
      {"GET / HTTPS/1.1", "malformed protocol version"},
      {"GET / HTTP/1,1", "malformed protocol version"},
      {"GET / HTTP/11", "malformed protocol version"},
      {"GET / HTTP/a", "malformed protocol version"},
      {"GET / HTTP/1.x", "malformed protocol version"},
      {"GET / HTTP/1.10", "malformed protocol version"},
      {"GET / HTTP/1.1 ", "malformed protocol version"},
      {"GET /  HTTP/1.1", "malformed protocol version"},
      {"GET /a b HTTP/1.1", "malformed protocol version"},
      {"GET / HTTP/1.1\n", "line ended by LF without CR"},
      {"GET / HTTP/1.1\rX", "CR without LF"},
      {"GET / HTTP/0.9", "unsupported protocol version"},
      {"GET / HTTP/1.2", "unsupported protocol version"},
      {"GET / HTTP/9.1", "unsupported protocol version"},
      {"PRI * HTTP/2.0", "unsupported protocol version"},
      // field lines
      {"A / HTTP/1.1\r\n ", "folded header field"},
      {"A / HTTP/1.1\r\n\t", "folded header field"},
      {"A / HTTP/1.1\r\nA: b\r\n ", "folded header field"},
      {"A / HTTP/1.1\r\n:", "invalid header field name"},
      {"A / HTTP/1.1\r\nA ", "invalid header field name"},
      {"A / HTTP/1.1\r\nA\t", "invalid header field name"},
      {"A / HTTP/1.1\r\nA\r", "invalid header field name"},
      {"A / HTTP/1.1\r\nA(", "invalid header field name"},
      {"A / HTTP/1.1\r\nA"s + '\0', "invalid header field name"},
      {"A / HTTP/1.1\r\n\xc3", "invalid header field name"},
      {"A / HTTP/1.1\r\nA\n", "line ended by LF without CR"},
      {"A / HTTP/1.1\r\nA: b\n", "line ended by LF without CR"},
      {"A / HTTP/1.1\r\nA: b\rc", "CR without LF"},
      {"A / HTTP/1.1\r\nA: b\r\r", "CR without LF"},
      {"A / HTTP/1.1\r\nA: "s + '\0', "invalid header field value"},
      {"A / HTTP/1.1\r\nA: \x1b", "invalid header field value"},
      {"A / HTTP/1.1\r\nA: \x7f", "invalid header field value"},
      {"A / HTTP/1.1\r\nA: a value over sixteen bytes\x0b", "invalid header field value"},
      {"A / HTTP/1.1\r\n\n", "line ended by LF without CR"},
      {"A / HTTP/1.1\r\n\rA", "CR without LF"},
  };
  for (const Row& row : rows) {
    expect_outcome(row.bytes, row.expected);
  }
}

TEST(HeadParser, RefusesNothingThatCouldStillBecomeRight) {
  const std::string bytes = "\r\n\r\nPATCH /a?b HTTP/1.1\r\nA: b \r\nC:\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_outcome(bytes.substr(0, size), "incomplete");
  }
}

TEST(HeadParser, HoldsItsLimitsToTheByte) {
  const std::string get = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
  HeadLimits limits;
  limits.max_head_bytes = get.size();
  expect_outcome(get, "GET / HTTP/1.1|A=b +", limits);
  expect_outcome("\r\n" + get + "more", "GET / HTTP/1.1|A=b +more", limits);
  limits.max_head_bytes = get.size() - 1;
  expect_outcome(get, "request header too large", limits);
  expect_outcome(get.substr(0, get.size() - 2), "incomplete", limits);
  expect_outcome(get.substr(0, get.size() - 1), "request header too large", limits);

  limits = {};
  limits.max_fields = 2;
  expect_outcome("A / HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n", "A / HTTP/1.1|A=1|B=2 +", limits);
  expect_outcome("A / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC:", "too many header fields", limits);

  limits = {};
  limits.max_target_bytes = 4;
  expect_outcome("A /123 HTTP/1.1\r\n\r\n", "A /123 HTTP/1.1 +", limits);
  expect_outcome("A /1234", "request target too long", limits);

  expect_outcome(std::string(32, 'M') + " /", "incomplete");
  expect_outcome(std::string(33, 'M'), "method too long");
  expect_outcome("GET /" + std::string(8 * 1024 - 1, 'a') + " HTTP", "incomplete");
  expect_outcome("GET /" + std::string(8 * 1024, 'a'), "request target too long");
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i) many += "F" + std::to_string(i) + ": v\r\n";
  expect_outcome(many, "incomplete");
  expect_outcome(many + "G:", "too many header fields");
}

TEST(HeadParser, TakesThePipelinedRequestsOneByOne) {
  const std::string bytes = "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nA: b\r\n\r\nGE";
  std::string_view rest = bytes;
  HeadParser parser;
  EXPECT_EQ(outcome(parser, parser.parse(rest), rest),
            "GET /1 HTTP/1.1 +GET /2 HTTP/1.1\r\nA: b\r\n\r\nGE");
  rest.remove_prefix(parser.head_size());
  parser.reset();
  EXPECT_EQ(outcome(parser, parser.parse(rest), rest), "GET /2 HTTP/1.1|A=b +GE");
  rest.remove_prefix(parser.head_size());
  parser.reset();
  EXPECT_EQ(outcome(parser, parser.parse(rest), rest), "incomplete");
}

TEST(HeadParser, StaysAtItsErrorUntilReset) {
  HeadParser parser;
  EXPECT_EQ(parser.parse("G(T"), Progress::kError);
  EXPECT_EQ(parser.parse("G(T / HTTP/1.1\r\n\r\n"), Progress::kError);
  EXPECT_EQ(parser.error(), RequestError::kBadMethod);
  parser.reset();
  EXPECT_EQ(parser.parse("GET / HTTP/1.1\r\n\r\n"), Progress::kComplete);
}

TEST(HeadParser, MovesInTheMiddleOfAHead) {
  const std::string bytes = "GET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n";
  HeadParser first;
  EXPECT_EQ(first.parse(std::string_view(bytes).substr(0, 28)), Progress::kIncomplete);
  HeadParser second = std::move(first);
  EXPECT_EQ(outcome(second, second.parse(bytes), bytes), "GET /x HTTP/1.1|Host=h|A=b +");
  HeadParser third = std::move(second);
  EXPECT_EQ(outcome(third, Progress::kComplete, bytes), "GET /x HTTP/1.1|Host=h|A=b +");
}

TEST(HeadParser, RebasesItsViewsOntoACopy) {
  for (const std::size_t first : {std::size_t{0}, std::size_t{25}}) {
    auto bytes = std::make_unique<std::string>("\r\nGET /x HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n");
    const std::string copy = *bytes;
    HeadParser parser;
    if (first != 0) {
      EXPECT_EQ(parser.parse(copy.substr(0, first)), Progress::kIncomplete);
    }
    EXPECT_EQ(parser.parse(*bytes), Progress::kComplete);
    parser.rebase(copy);
    bytes.reset();
    EXPECT_EQ(outcome(parser, Progress::kComplete, copy), "GET /x HTTP/1.1|Host=h|A=b +");
    EXPECT_EQ(parser.head().fields[1].value.data(), copy.data() + copy.find("b\r\n"));
  }
}

TEST(RequestHead, FindsAndCountsIgnoringCase) {
  HeadParser parser;
  const std::string bytes = "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n";
  ASSERT_EQ(parser.parse(bytes), Progress::kComplete);
  EXPECT_EQ(parser.head().find("a"), "1");
  EXPECT_EQ(parser.head().count("A"), 2U);
  EXPECT_EQ(parser.head().find("C"), std::nullopt);
  EXPECT_EQ(parser.head().count("C"), 0U);
}

}  // namespace
}  // namespace berth::http
