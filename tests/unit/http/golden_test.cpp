// Whole connections' worth of bytes (tests/golden/http/NAME.http) and what is read from them
// (NAME.expect), in one piece and byte by byte.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/chunked_decoder.h"
#include "http/framing.h"
#include "http/head_parser.h"
#include "http/target.h"

namespace berth::http {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string error_line(RequestError error) {
  return "error " + std::to_string(status_of(error)) + " " + std::string(text_of(error)) + "\n";
}

// One connection: requests until a fault, a close, or the end of the bytes.
class Reading {
 public:
  Reading(std::string_view bytes, bool byte_by_byte) : rest_(bytes), byte_by_byte_(byte_by_byte) {}

  std::string text() {
    while (!rest_.empty() && request()) {
    }
    return text_;
  }

 private:
  bool request() {
    HeadParser parser;
    HeadParser::Progress progress = HeadParser::Progress::kIncomplete;
    std::unique_ptr<std::string> buffer;  // another one for each call: views have to follow
    std::size_t size = byte_by_byte_ ? 1 : rest_.size();
    for (; size <= rest_.size() && progress == HeadParser::Progress::kIncomplete; ++size) {
      buffer = std::make_unique<std::string>(rest_.substr(0, size));
      progress = parser.parse(*buffer);
    }
    if (progress == HeadParser::Progress::kIncomplete) return end("incomplete head\n");
    if (progress == HeadParser::Progress::kError) return end(error_line(parser.error()));
    const RequestHead& head = parser.head();
    rest_.remove_prefix(parser.head_size());

    const auto framing = framing_of(head);
    if (!framing.ok()) return end(error_line(framing.error()));
    const auto target = parse_target(head.method, head.target);
    if (!target.ok()) return end(error_line(target.error()));
    text_.append(head.method).append(" ").append(head.target);
    text_.append(" HTTP/1.").append(std::to_string(head.minor_version)).append("\n");
    for (const Field& field : head.fields) line("field ", field);
    if (framing->expect_continue) text_ += "  expects 100-continue\n";
    if (!body(*framing)) return false;
    if (!framing->keep_alive) return end("close\n");
    return true;
  }

  bool body(const Framing& framing) {
    if (framing.body == Framing::Body::kChunked) return chunked();
    if (framing.length > rest_.size()) return end("incomplete body\n");
    if (framing.body == Framing::Body::kLength) {
      text_.append("  body ").append(rest_.substr(0, framing.length)).append("\n");
      rest_.remove_prefix(framing.length);
    }
    return true;
  }

  bool chunked() {
    ChunkedDecoder decoder;
    std::string data;
    for (;;) {
      const ChunkedDecoder::Step step =
          decoder.next(rest_.substr(0, byte_by_byte_ ? 1 : rest_.size()));
      data += step.data;
      rest_.remove_prefix(step.consumed);
      if (step.progress == ChunkedDecoder::Progress::kError)
        return end(error_line(decoder.error()));
      if (step.progress == ChunkedDecoder::Progress::kDone) break;
      if (rest_.empty()) return end("incomplete body\n");
    }
    text_.append("  body ").append(data).append("\n");
    for (const Field trailer : decoder.trailers()) line("trailer ", trailer);
    return true;
  }

  void line(std::string_view what, const Field& field) {
    text_.append("  ")
        .append(what)
        .append(field.name)
        .append(": ")
        .append(field.value)
        .append("\n");
  }

  bool end(std::string_view text) {
    text_ += text;
    return false;
  }

  std::string_view rest_;
  bool byte_by_byte_;
  std::string text_;
};

TEST(Golden, EveryRequestFileIsReadAsExpected) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BERTH_TESTS_DIR "/golden/http")) {
    if (entry.path().extension() != ".http") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const std::string bytes = contents(entry.path());
    auto expect_path = entry.path();
    const std::string expected = contents(expect_path.replace_extension(".expect"));
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(Reading(bytes, false).text(), expected);
    EXPECT_EQ(Reading(bytes, true).text(), expected) << "byte by byte";
    ++files;
  }
  EXPECT_GE(files, 40U);
}

}  // namespace
}  // namespace berth::http
