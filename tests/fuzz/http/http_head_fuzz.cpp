// A request head read in one piece, in many, and again from what was read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz_check.h"
#include "http/framing.h"
#include "http/head_parser.h"
#include "http/target.h"
#include "http/token.h"

namespace {

using berth::fuzz::check;
using berth::fuzz::lies_in;
using berth::http::HeadLimits;
using berth::http::HeadParser;
using berth::http::RequestHead;
using Progress = HeadParser::Progress;

bool same(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.target == b.target && a.minor_version == b.minor_version &&
         std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end());
}

void check_head(const HeadParser& parser, std::string_view bytes) {
  const RequestHead& head = parser.head();
  check(parser.head_size() <= bytes.size(), "consumed <= size");
  const std::string_view taken = bytes.substr(0, parser.head_size());
  check(taken.ends_with("\r\n\r\n"), "a head ends with an empty line");
  check(lies_in(head.method, taken) && lies_in(head.target, taken), "views lie in the head");
  check(berth::http::is_token(head.method), "a method is a token");
  for (const berth::http::Field& field : head.fields) {
    check(lies_in(field.name, taken) && lies_in(field.value, taken), "views lie in the head");
    check(berth::http::is_token(field.name), "a field name is a token");
    check(berth::http::is_field_value(field.value), "a field value has no controls");
    check(berth::http::trim_ows(field.value) == field.value, "a field value is trimmed");
    check(head.count(field.name) > 0 && head.find(field.name).has_value(), "a field is found");
  }
}

// Written out anew and read again, a head is the same.
void check_round_trip(const RequestHead& head) {
  std::string bytes(head.method);
  bytes.append(" ").append(head.target).append(" HTTP/1.");
  bytes.append(std::to_string(head.minor_version)).append("\r\n");
  for (const berth::http::Field& field : head.fields) {
    bytes.append(field.name).append(":").append(field.value).append("\r\n");
  }
  bytes += "\r\n";
  HeadParser parser;
  check(parser.parse(bytes) == Progress::kComplete, "a head written out is a head");
  check(parser.head_size() == bytes.size(), "a head written out is read whole");
  check(same(parser.head(), head), "a head survives a round trip");
}

void check_meaning(const RequestHead& head) {
  if (const auto framing = berth::http::framing_of(head); framing.ok()) {
    check(framing->host.empty() || berth::http::is_host(framing->host), "a host is a host");
    check(framing->length < std::uint64_t{1} << 63U, "a length has 63 bits");
    check(head.count("content-length") + head.count("transfer-encoding") <= 1, "one framing");
    check(head.minor_version == 0 || head.count("host") == 1, "one host");
  }
  (void)berth::http::parse_target(head.method, head.target).ok();
}

// Each call sees the bytes elsewhere; the ones before are gone.
void check_pieces(std::string_view bytes, std::size_t step, HeadLimits limits,
                  const HeadParser& whole, Progress expected) {
  HeadParser parser(limits);
  std::unique_ptr<std::vector<char>> buffer;
  Progress progress = Progress::kIncomplete;
  for (std::size_t end = 0; progress == Progress::kIncomplete; end += step) {
    end = std::min(end, bytes.size());
    buffer = std::make_unique<std::vector<char>>(bytes.data(), bytes.data() + end);
    progress = parser.parse({buffer->data(), buffer->size()});
    if (end == bytes.size()) break;
  }
  check(progress == expected, "pieces end like the whole");
  if (progress == Progress::kError) check(parser.error() == whole.error(), "the fault is the same");
  if (progress != Progress::kComplete) return;
  check(parser.head_size() == whole.head_size(), "the size is the same");
  check(same(parser.head(), whole.head()), "the head is the same");
}

// A parser that has room for fields already takes its short way.
void check_used_parser(std::string_view bytes, HeadLimits limits, const HeadParser& fresh,
                       Progress expected) {
  HeadParser parser(limits);
  std::string fields = "A / HTTP/1.1\r\n";
  const std::size_t room = (limits.max_head_bytes - fields.size() - 2) / 4;
  for (std::size_t i = 0; i < std::min(limits.max_fields, room); ++i) fields += "a:\r\n";
  check(parser.parse(fields + "\r\n") == Progress::kComplete, "there is room for fields");
  parser.reset();
  check(parser.parse(bytes) == expected, "a used parser ends like a fresh one");
  if (expected == Progress::kError) check(parser.error() == fresh.error(), "the fault is the same");
  if (expected != Progress::kComplete) return;
  check_head(parser, bytes);
  check(parser.head_size() == fresh.head_size(), "the size is the same");
  check(same(parser.head(), fresh.head()), "the head is the same");
  const std::string copy(bytes);
  parser.rebase(copy);
  check_head(parser, copy);
  check(same(parser.head(), fresh.head()), "the head is the same elsewhere");
}

// Bytes behind the end that may be read mean nothing, whatever they are.
void check_room(std::string_view bytes, HeadLimits limits, const HeadParser& alone,
                Progress expected) {
  for (const std::string_view behind :
       {std::string_view("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"),
        std::string_view("a: b\r\n\r\nc: d\r\n\r\n"), std::string_view("aaaaaaaaaaaaaaaa"),
        std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)}) {
    HeadParser parser(limits);
    const std::string many = "A / HTTP/1.1\r\n" + std::string("a:\r\na:\r\na:\r\na:\r\n") + "\r\n";
    if (parser.parse(many) == Progress::kError) return;  // limits too small for a short way
    parser.reset();
    std::string padded(bytes);
    for (int i = 0; i < 4; ++i) padded.append(behind);
    check(parser.parse({padded.data(), bytes.size()}, padded.size()) == expected,
          "room behind the end changes nothing");
    if (expected == Progress::kError) check(parser.error() == alone.error(), "nor the fault");
    if (expected != Progress::kComplete) continue;
    check(parser.head_size() == alone.head_size(), "nor the size");
    check(same(parser.head(), alone.head()), "nor the head");
  }
}

void check_bytes(std::string_view bytes, HeadLimits limits) {
  HeadParser parser(limits);
  const Progress progress = parser.parse(bytes);
  if (progress == Progress::kComplete) {
    check_head(parser, bytes);
    check_round_trip(parser.head());
    check_meaning(parser.head());
  }
  check_used_parser(bytes, limits, parser, progress);
  check_room(bytes, limits, parser, progress);
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{16}, std::size_t{61}}) {
    if (bytes.size() / step < 600) check_pieces(bytes, step, limits, parser, progress);
  }
  if (progress != Progress::kComplete) return;
  const std::string copy(bytes);
  parser.rebase(copy);
  check_head(parser, copy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_bytes(bytes, {});
  check_bytes(bytes, {.max_head_bytes = 64, .max_fields = 2, .max_target_bytes = 12});
  return 0;
}
