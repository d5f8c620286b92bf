// What generators of load take for an answer.
#include "load/answer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace berth::load {
namespace {

struct Row {
  std::string input;
  Parsed parsed;
  std::string body = {};
  std::size_t left = 0;  // bytes behind it
  bool close = false;
};

TEST(Answers, AreWholeWithTheirFramingOnly) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::vector<Row> rows = {
      {"", Parsed::kMore},
      {"HTTP/1.1 200", Parsed::kMore},
      {head + "Content-Length: 3\r\n\r\nab", Parsed::kMore},
      {head + "Content-Length: 3\r\n\r\nabc", Parsed::kWhole, "abc"},
      {head + "Content-Length: 3\r\n\r\nabcHTTP", Parsed::kWhole, "abc", 4},
      {head + "Connection: close\r\nContent-Length: 1\r\n\r\na", Parsed::kWhole, "a", 0, true},
      {head + "\r\nabc", Parsed::kWrong},
      {head + "Content-Length: 3x\r\n\r\nabc", Parsed::kWrong},
      {"HTTP/2 200\r\nContent-Length: 0\r\n\r\n", Parsed::kWrong},
      {chunked + "3\r\nabc\r\n", Parsed::kMore},
      {chunked + "3\r\nabc\r\n0\r\n", Parsed::kMore},
      {chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nx", Parsed::kWhole, "abcde", 1},
      {chunked + "3\r\nabcde\r\n0\r\n\r\n", Parsed::kWrong},
      {chunked + "z\r\n", Parsed::kWrong},
  };
  for (const Row& row : rows) {
    Answer answer;
    EXPECT_EQ(parse_answer(row.input, answer), row.parsed) << row.input;
    if (row.parsed != Parsed::kWhole) continue;
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, row.body) << row.input;
    EXPECT_EQ(row.input.size() - answer.size, row.left) << row.input;
    EXPECT_EQ(answer.close, row.close) << row.input;
  }
}

}  // namespace
}  // namespace berth::load
