// A request head read in one piece, in many, and again from what was read.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/fuzz_check.h"
#include "http/framing.h"
#include "http/head_parser.h"
#include "http/target.h"
#include "http/token.h"

namespace {

using berth::fuzz::at_splits;
using berth::fuzz::check;
using berth::fuzz::chosen;
using berth::fuzz::kReplay;
using berth::fuzz::lies_in;
using berth::fuzz::number_of;
using berth::http::HeadLimits;
using berth::http::HeadParser;
using berth::http::RequestHead;
using Progress = HeadParser::Progress;

bool same(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.target == b.target && a.minor_version == b.minor_version &&
         std::equal(a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end());
}

void check_head(const HeadParser& parser, std::string_view bytes, std::size_t number) {
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
  }
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    if (!kReplay && i != number % head.fields.size()) continue;  // each looks at all
    const std::string_view name = head.fields[i].name;
    check(head.count(name) > 0 && head.find(name).has_value(), "a field is found");
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

// How the parser of the whole input ended.
struct Expected {
  const HeadParser& whole;
  Progress progress;
};

void check_same(const HeadParser& parser, Progress progress, const Expected& expected) {
  check(progress == expected.progress, "it ends like the whole");
  if (progress == Progress::kError) {
    check(parser.error() == expected.whole.error(), "the fault is the same");
  }
  if (progress != Progress::kComplete) return;
  check(parser.head_size() == expected.whole.head_size(), "the size is the same");
  check(same(parser.head(), expected.whole.head()), "the head is the same");
}

// Exactly these bytes, where nothing else is: a sanitizer sees what is read behind them.
class Alone {
 public:
  explicit Alone(std::string_view bytes)
      : size_(bytes.size()), bytes_(std::make_unique<char[]>(size_)) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// Each call sees the bytes elsewhere; the ones before are gone.
void check_split(std::string_view bytes, std::size_t at, HeadLimits limits,
                 const Expected& expected) {
  HeadParser parser(limits);
  Progress progress = parser.parse(Alone(bytes.substr(0, at)).view());
  if (progress == Progress::kError) {
    return check(expected.progress == progress && parser.error() == expected.whole.error(),
                 "a fault in the first part is the whole's");
  }
  if (progress == Progress::kComplete) {
    return check(expected.progress == progress && parser.head_size() == expected.whole.head_size(),
                 "a head in the first part is the whole's");
  }
  const Alone all(bytes);
  progress = parser.parse(all.view());
  check_same(parser, progress, expected);
}

void check_pieces(std::string_view bytes, std::size_t step, HeadLimits limits,
                  const Expected& expected) {
  HeadParser parser(limits);
  std::unique_ptr<Alone> buffer;
  Progress progress = Progress::kIncomplete;
  for (std::size_t end = 0; progress == Progress::kIncomplete; end += step) {
    end = std::min(end, bytes.size());
    buffer = std::make_unique<Alone>(bytes.substr(0, end));
    progress = parser.parse(buffer->view());
    if (end == bytes.size()) break;
  }
  check_same(parser, progress, expected);
}

// A parser that has room for as many fields as it may take, which lets it take its short way.
HeadParser used_parser(HeadLimits limits) {
  HeadParser parser(limits);
  std::string fields = "A / HTTP/1.1\r\n";
  const std::size_t room = (limits.max_head_bytes - fields.size() - 2) / 4;
  for (std::size_t i = 0; i < std::min(limits.max_fields, room); ++i) fields += "a:\r\n";
  check(parser.parse(fields + "\r\n") == Progress::kComplete, "there is room for fields");
  return parser;
}

void check_used_parser(std::string_view bytes, HeadParser& parser, std::size_t number,
                       const Expected& expected) {
  parser.reset();
  const Progress progress = parser.parse(bytes);
  check_same(parser, progress, expected);
  if (progress != Progress::kComplete) return;
  check_head(parser, bytes, number);
  const Alone copy(bytes);
  parser.rebase(copy.view());
  check_head(parser, copy.view(), number);
  check(same(parser.head(), expected.whole.head()), "the head is the same elsewhere");
}

// Bytes behind the end that may be read mean nothing, whatever they are.
void check_room(std::string_view bytes, HeadParser& parser, std::string_view behind,
                const Expected& expected) {
  parser.reset();
  std::string padded(bytes);
  for (int i = 0; i < 4; ++i) padded.append(behind);
  const Progress progress = parser.parse({padded.data(), bytes.size()}, padded.size());
  check_same(parser, progress, expected);
}

void check_bytes(std::string_view bytes, std::size_t number, HeadLimits limits, HeadParser& used) {
  HeadParser parser(limits);
  const Expected expected{parser, parser.parse(bytes)};
  if (expected.progress == Progress::kComplete) {
    check_head(parser, bytes, number);
    if (chosen(number, 4)) check_round_trip(parser.head());
    check_meaning(parser.head());
  }
  check_used_parser(bytes, used, number, expected);
  constexpr std::array kBehind{std::string_view("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n"),
                               std::string_view("a: b\r\n\r\nc: d\r\n\r\n"),
                               std::string_view("aaaaaaaaaaaaaaaa"),
                               std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16)};
  for (std::size_t i = 0; i < kBehind.size(); ++i) {
    if (kReplay || number / 8 % kBehind.size() == i) check_room(bytes, used, kBehind[i], expected);
  }
  at_splits(bytes, number, [&](std::size_t at) { check_split(bytes, at, limits, expected); });
  if (!chosen(number, 256)) return;
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{16}, std::size_t{61}}) {
    if (bytes.size() / step < 600) check_pieces(bytes, step, limits, expected);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr HeadLimits kTight{.max_head_bytes = 64, .max_fields = 2, .max_target_bytes = 12};
  static HeadParser used = used_parser({});
  static HeadParser used_tight = used_parser(kTight);
  const std::size_t number = number_of(bytes);
  check_bytes(bytes, number, {}, used);
  if (chosen(number, 4)) check_bytes(bytes, number, kTight, used_tight);
  return 0;
}
