// The request path allocates nothing once its buffers have grown.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "http/chunked_decoder.h"
#include "http/clean_path.h"
#include "http/framing.h"
#include "http/head_parser.h"
#include "http/query_parameters.h"
#include "http/response_encoder.h"
#include "http/target.h"

namespace {

std::atomic<long> allocations{0};

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace berth::http {
namespace {

TEST(RequestPath, AllocatesNothingInSteadyState) {
  std::string request = "POST /a/b?c=d&e=%20 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n";
  for (int i = 0; i < 40; ++i) request += "Field-" + std::to_string(i) + ": a value\r\n";
  const std::string head = request + "\r\n";
  const std::string body = "5\r\nhello\r\n0\r\nX-Checksum-Of-It-All: a value\r\n\r\n";

  HeadParser parser;
  ChunkedDecoder decoder;
  QueryParameters query;
  Fields fields;
  std::string out;
  long before = 0;
  for (int round = 0; round < 4; ++round) {
    if (round == 2) before = allocations;
    for (const std::size_t first : {head.size(), head.size() / 2}) {
      parser.reset();
      const std::string_view bytes = head;
      HeadParser::Progress progress = parser.parse(bytes.substr(0, first));
      if (progress == HeadParser::Progress::kIncomplete) progress = parser.parse(bytes);
      ASSERT_EQ(progress, HeadParser::Progress::kComplete);
    }
    ASSERT_TRUE(framing_of(parser.head()).ok());
    const auto target = parse_target(parser.head().method, parser.head().target);
    ASSERT_TRUE(target.ok());
    ASSERT_TRUE(query.parse(target->query).ok());
    out.clear();
    clean_path(target->path, out);
    decoder.reset({});
    ChunkedDecoder::Step step = decoder.next(body);
    step = decoder.next(std::string_view(body).substr(step.consumed));
    ASSERT_EQ(step.progress, ChunkedDecoder::Progress::kDone);
    fields.clear();
    fields.add("Content-Type", "text/plain; charset=utf-8");
    fields.add("Content-Length", "0");
    fields.set("Content-Length", "13");
    append_head(out, 200, fields);
  }
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace berth::http
