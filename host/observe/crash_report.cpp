#include "observe/crash_report.h"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

#include "observe/crash_words.h"
#include "observe/escape.h"
#include "observe/timestamp.h"

namespace berth::observe {

namespace {

// Of one value; texts of a record are shorter, but for what escaping adds.
constexpr std::size_t kValueBytes = 4096;
constexpr std::size_t kNameBytes = 512;
constexpr std::string_view kIn = " in ";

// Builds the lines of one report.
class Writer {
 public:
  Writer(LineBuffer& line, CrashLines& out) noexcept : line_(line), out_(out) {}

  LineBuffer& begin_row() noexcept {
    line_.rewind(0);
    return line_;
  }
  LineBuffer& begin(std::string_view key) noexcept {
    begin_row().add(key);
    line_.add(": ");
    return line_;
  }
  void end() noexcept {
    line_.add('\n');
    out_.line(line_.text());
  }
  void text(std::string_view key, std::string_view value) noexcept {
    if (value.empty()) return;
    add_ascii(begin(key), value, kValueBytes);
    end();
  }
  void plain(std::string_view text) noexcept {
    line_.rewind(0);
    line_.add(text);
    end();
  }
  void number(std::string_view key, std::uint64_t value) noexcept {
    begin(key).add_number(value);
    end();
  }

 private:
  LineBuffer& line_;
  CrashLines& out_;
};

void write_time(Writer& out, WallTime time) noexcept {
  std::array<char, kMaxTimestamp> buffer;
  out.text("time", rfc3339(time, buffer));
}

std::string_view base_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

void add_seconds(LineBuffer& line, std::int64_t microseconds) noexcept {
  const std::int64_t milliseconds = microseconds < 0 ? 0 : microseconds / 1000;
  line.add_number(milliseconds / 1000);
  line.add('.');
  line.add_number(milliseconds / 100 % 10);
  line.add_number(milliseconds / 10 % 10);
  line.add_number(milliseconds % 10);
}

void write_whom(Writer& out, const CrashRecord& record) noexcept {
  if (record.plugin.empty()) {
    out.plain("note: no plugin is known to have been running on the thread");
  } else {
    out.text("plugin", record.plugin.view());
    out.text("version", record.version.view());
    out.text("build_id", record.build_id.view());
    out.text("known_by", blame_words(record));
  }
  if (record.generation != 0) out.number("generation", record.generation);
  out.text("route", record.route.view());
  if (!record.method.empty()) {
    LineBuffer& line = out.begin("request");
    add_ascii(line, record.method.view(), kValueBytes);
    line.add(' ');
    add_ascii(line, record.target.view(), kValueBytes);
    out.end();
  }
  out.text("request_id", record.request_id.view());
}

void write_resources(Writer& out, const CrashRecord& record) noexcept {
  LineBuffer& line = out.begin("resources");
  line.add("memory ");
  line.add_number(record.resident_kib);
  line.add(" KiB (most ");
  line.add_number(record.max_resident_kib);
  line.add(" KiB), CPU ");
  add_seconds(line, record.user_us);
  line.add(" s in programs and ");
  add_seconds(line, record.system_us);
  line.add(" s in the system");
  out.end();
}

// Behind a call the address may be the next function's; only that of a fault is its own.
std::uint64_t inside_call(const CrashRecord& record, std::size_t index) noexcept {
  const std::uint64_t offset = record.frames[index].offset;
  const bool exact = index == 0 && static_cast<CrashKind>(record.kind) == CrashKind::kSignal;
  return exact || offset == 0 ? offset : offset - 1;
}

void write_frame(Writer& out, const CrashRecord& record, std::size_t index,
                 SymbolFinder& symbols) noexcept {
  const CrashFrame& frame = record.frames[index];
  LineBuffer& line = out.begin_row();
  line.add("  #");
  line.add_number(index);
  line.add(' ');
  add_hex(line, frame.address);
  if (const CrashImage* const image = record.image_of(frame)) {
    line.add(' ');
    add_ascii(line, base_name(image->path.view()), kNameBytes);
    line.add(" + ");
    add_hex(line, frame.offset);
    if (const auto symbol = symbols.find(image->path.view(), inside_call(record, index))) {
      line.add(kIn);
      add_ascii(line, symbol->name, kNameBytes);
      line.add(" + ");
      add_hex(line, symbol->distance);
    }
  }
  if (frame.repeated != 0) {
    line.add(" and ");
    line.add_number(frame.repeated);
    line.add(" times more");
  }
  out.end();
}

void write_backtrace(Writer& out, const CrashRecord& record, SymbolFinder& symbols) noexcept {
  const std::size_t count = record.frames_there();
  if (count == 0) return;
  out.plain("backtrace:");
  for (std::size_t i = 0; i < count; ++i) write_frame(out, record, i, symbols);
  if (count == CrashRecord::kFrames) out.plain("  ...");
  for (std::size_t i = 0; i < CrashRecord::kImages && i < record.image_count; ++i) {
    const CrashImage& image = record.images[i];
    LineBuffer& line = out.begin("image");
    add_ascii(line, image.path.view(), kValueBytes);
    if (!image.build_id.empty()) {
      line.add(" build_id=");
      add_ascii(line, image.build_id.view(), kNameBytes);
    }
    out.end();
  }
}

// "_ZN1a1bEv" -> "a::b()"; other names are returned as they are.
std::string readable(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && name ? std::string(name.get()) : symbol;
}

}  // namespace

void format_crash(const CrashRecord& record, SymbolFinder& symbols, LineBuffer& line,
                  CrashLines& out) noexcept {
  Writer writer(line, out);
  write_time(writer, WallTime(std::chrono::microseconds(record.time_us)));
  add_what(writer.begin("what"), record);
  writer.end();
  write_whom(writer, record);
  writer.number("process", record.process);
  LineBuffer& thread = writer.begin("thread");
  thread.add_number(record.thread);
  thread.add(' ');
  add_ascii(thread, record.thread_name.view(), kNameBytes);
  writer.end();
  writer.text("suspect", suspicion(record));
  writer.text("decided", record.decision.view());
  write_resources(writer, record);
  if (record.faults != 0) writer.plain("note: parts are missing: what they are of is damaged");
  write_backtrace(writer, record, symbols);
}

void format_frames(const CrashRecord& record, std::size_t end, SymbolFinder& symbols,
                   LineBuffer& line, CrashLines& out) noexcept {
  Writer writer(line, out);
  const std::size_t count = std::min(end, record.frames_there());
  for (std::size_t i = 0; i < count; ++i) write_frame(writer, record, i, symbols);
}

std::string readable_report(std::string_view report) {
  std::string result;
  while (!report.empty()) {
    const std::size_t size = std::min(report.find('\n'), report.size() - 1) + 1;
    const std::string_view line = report.substr(0, size);
    report.remove_prefix(size);
    const std::size_t in = line.find(kIn);
    const std::size_t begin = in + kIn.size();
    const std::size_t end = line.find(" + ", in == std::string_view::npos ? 0 : begin);
    if (!line.starts_with("  #") || in == std::string_view::npos || end == std::string_view::npos) {
      result += line;
      continue;
    }
    result += line.substr(0, begin);
    result += readable(std::string(line.substr(begin, end - begin)));
    result += line.substr(end);
  }
  return result;
}

}  // namespace berth::observe
