// Any bytes in any place of a log line: text stays one line of printable ASCII, JSON stays one
// valid object.
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/UTF8Encoding.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "observe/access_text.h"
#include "observe/log_text.h"

namespace {

using berth::observe::AccessRecord;
using berth::observe::Field;
using berth::observe::Level;
using berth::observe::LineBuffer;
using berth::observe::LogLine;
using berth::observe::WallTime;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_line(std::string_view line) {
  require(line.size() <= LineBuffer::kCapacity);
  require(std::count(line.begin(), line.end(), '\n') == 1 && line.back() == '\n');
}

void check_text(std::string_view line) {
  check_line(line);
  line.remove_suffix(1);
  require(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

bool is_utf8(std::string_view text) {
  const Poco::UTF8Encoding utf8;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t left = text.size(); left != 0;) {
    const int length = std::max(1, utf8.sequenceLength(bytes, 1));
    const auto size = static_cast<std::size_t>(length);
    if (size > left || !Poco::UTF8Encoding::isLegal(bytes, length)) return false;
    bytes += size;
    left -= size;
  }
  return true;
}

Poco::JSON::Object::Ptr check_json(std::string_view line) {
  check_line(line);
  require(is_utf8(line));
  // A line that does not parse throws, which ends the fuzzer.
  const auto parsed = Poco::JSON::Parser().parse(std::string(line));
  return parsed.extract<Poco::JSON::Object::Ptr>();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  const std::string_view bytes = input;
  const std::string_view first = bytes.substr(0, size / 2);
  const std::string_view second = bytes.substr(size / 2);
  const std::array fields{Field(first, second), Field("value", bytes),
                          Field("last", std::uint64_t{size})};
  const LogLine what{WallTime{}, Level::kWarn, bytes, fields};
  const AccessRecord record{.remote_address = first,
                            .method = second,
                            .target = bytes,
                            .protocol = first,
                            .status = 200,
                            .bytes = size,
                            .duration = {},
                            .referer = second,
                            .user_agent = bytes,
                            .route = first,
                            .request_id = second,
                            .time = {}};
  {
    LineBuffer line;
    format_text(line, what);
    check_text(line.text());
  }
  {
    LineBuffer line;
    format_combined(line, record);
    check_text(line.text());
    // Texts between quotes cannot end them: request, referer, user agent and an id if there is one.
    const std::ptrdiff_t quotes = second.empty() ? 6 : 8;
    require(std::count(line.text().begin(), line.text().end(), '"') == quotes);
  }
  {
    LineBuffer line;
    format_json(line, what);
    const auto object = check_json(line.text());
    require(object->getValue<std::string>("level") == "warn");
    // Plain ASCII survives as it is.
    const bool plain =
        std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (plain && size <= 500) require(object->getValue<std::string>("message") == input);
  }
  {
    LineBuffer line;
    format_access_json(line, record);
    require(check_json(line.text())->getValue<int>("status") == 200);
  }
  return 0;
}
