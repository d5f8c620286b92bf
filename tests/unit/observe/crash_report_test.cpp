#include "observe/crash_report.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/whole_file.h"
#include "observe/crash_folder.h"
#include "observe/crash_words.h"

extern "C" char __executable_start[];

namespace berth::observe {
namespace {

using namespace std::chrono_literals;

class Lines final : public CrashLines {
 public:
  void line(std::string_view text) noexcept override { text_ += text; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

std::string report_of(const CrashRecord& record) {
  Lines lines;
  LineBuffer line;
  SymbolFinder symbols;
  format_crash(record, symbols, line, lines);
  return lines.text();
}

std::string what_of(const std::function<void(CrashRecord&)>& fill) {
  const auto record = std::make_unique<CrashRecord>();
  record->process = 7;
  fill(*record);
  LineBuffer line;
  add_what(line, *record);
  return std::string(line.text());
}

class Folder {
 public:
  Folder() : path_(::testing::TempDir() + "berth-crash-XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

void segv(CrashRecord& record, CrashAccess access, std::uint64_t address, int code = SEGV_MAPERR) {
  record.signal = SIGSEGV;
  record.code = code;
  record.access = static_cast<std::uint32_t>(access);
  record.has_address = 1;
  record.address = address;
}

TEST(CrashWords, SayWhatHappened) {
  struct Row {
    std::function<void(CrashRecord&)> fill;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {[](auto& r) { segv(r, CrashAccess::kWrite, 0); },
       "SIGSEGV: wrote to address 0x0, a null pointer"},
      {[](auto& r) { segv(r, CrashAccess::kRead, 0x18); },
       "SIGSEGV: read from address 0x18, a null pointer"},
      {[](auto& r) { segv(r, CrashAccess::kRead, 0x7f0000001000); },
       "SIGSEGV: read from address 0x7f0000001000, where nothing is"},
      {[](auto& r) { segv(r, CrashAccess::kWrite, 0x400000, SEGV_ACCERR); },
       "SIGSEGV: wrote to address 0x400000, which is not allowed there"},
      {[](auto& r) { segv(r, CrashAccess::kUnknown, 0x400000); },
       "SIGSEGV: used address 0x400000, where nothing is"},
      {[](auto& r) {
         segv(r, CrashAccess::kRead, 0);
         r.has_address = 0;
       },
       "SIGSEGV: read from an address that no memory can have"},
      {[](auto& r) {
         segv(r, CrashAccess::kWrite, 0x7f0000001000);
         r.stack_full = 1;
       },
       "SIGSEGV: the stack ran over"},
      {[](auto& r) {
         r.signal = SIGFPE;
         r.code = FPE_INTDIV;
       },
       "SIGFPE: an integer division by zero"},
      {[](auto& r) {
         r.signal = SIGBUS;
         r.code = BUS_ADRERR;
       },
       "SIGBUS: memory without anything behind it, as of a mapped file that was made shorter"},
      {[](auto& r) {
         r.signal = SIGABRT;
         r.sender = 7;
       },
       "SIGABRT: abort() was called"},
      {[](auto& r) {
         r.signal = SIGABRT;
         r.sender = 7;
         r.exception.set("std::runtime_error");
         r.message.set("no\nline");
       },
       "SIGABRT: std::terminate() for std::runtime_error: no\\x0Aline"},
      {[](auto& r) {
         r.signal = SIGABRT;
         r.sender = 7;
         r.message.set("free(): invalid size");
       },
       "SIGABRT: free(): invalid size"},
      {[](auto& r) {
         r.signal = SIGABRT;
         r.sender = 8;
         r.sender_user = 1000;
       },
       "SIGABRT: sent by process 8 of user 1000"},
      {[](auto& r) {
         r.signal = SIGSEGV;
         r.sender = 7;
       },
       "SIGSEGV: sent by this process itself"},
      {[](auto& r) {
         r.kind = static_cast<std::uint32_t>(CrashKind::kExit);
         r.call.set("_exit");
         r.exit_code = 3;
       },
       "_exit(3) was called: a plugin is not to end the process"},
      {[](auto& r) { r.signal = 60; }, "signal 60: a fault"},
  };
  for (const Row& row : rows) EXPECT_EQ(what_of(row.fill), row.expected);
}

TEST(CrashReport, TellsWhatIsKnownAndNothingElse) {
  const auto record = std::make_unique<CrashRecord>();
  segv(*record, CrashAccess::kWrite, 0);
  record->time_us = 1'767'322'985'678'000;
  record->process = 4711;
  record->thread = 4713;
  record->thread_name.set("berth-1");
  EXPECT_EQ(report_of(*record),
            "time: 2026-01-02T03:03:05.678Z\n"
            "what: SIGSEGV: wrote to address 0x0, a null pointer\n"
            "note: no plugin is known to have been running on the thread\n"
            "process: 4711\n"
            "thread: 4713 berth-1\n"
            "resources: memory 0 KiB (most 0 KiB), CPU 0.000 s in programs and 0.000 s in the "
            "system\n");
  record->plugin.set("shop");
  record->version.set("1.2.3");
  record->build_id.set("abcd");
  record->blame = static_cast<std::uint32_t>(CrashBlame::kCall);
  record->generation = 5;
  record->route.set("GET /cart/{id}");
  record->method.set("GET");
  record->target.set("/cart/\"7\"\n");
  record->request_id.set("r-1");
  record->place = static_cast<std::uint32_t>(CrashPlace::kAllocator);
  record->decision.set("the process ends");
  record->frame_count = 1;
  record->frames[0] = {0x7f0000001234, 0x1234, 0, 41};
  record->image_count = 1;
  record->images[0].path.set("/state/shop.so");
  record->images[0].build_id.set("abcd");
  const std::string report = report_of(*record);
  const CrashParts parts = parts_of_report(report);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"time", "2026-01-02T03:03:05.678Z"},
      {"what", "SIGSEGV: wrote to address 0x0, a null pointer"},
      {"plugin", "shop"},
      {"version", "1.2.3"},
      {"build_id", "abcd"},
      {"known_by", "the thread was inside a call into it"},
      {"generation", "5"},
      {"route", "GET /cart/{id}"},
      {"request", "GET /cart/\\x227\\x22\\x0A"},
      {"request_id", "r-1"},
      {"process", "4711"},
      {"thread", "4713 berth-1"},
      {"suspect",
       "heap corruption: the allocator found what others had written over, perhaps long ago"},
      {"decided", "the process ends"},
      {"resources",
       "memory 0 KiB (most 0 KiB), CPU 0.000 s in programs and 0.000 s in the system"}};
  EXPECT_EQ(parts.fields, expected);
  EXPECT_EQ(parts.frames,
            std::vector<std::string>{"#0 0x7f0000001234 shop.so + 0x1234 and 41 times more"});
}

TEST(CrashReport, OfAnyBytesIsOfPrintableLines) {
  std::mt19937 random(1);
  const auto record = std::make_unique<CrashRecord>();
  std::vector<unsigned char> bytes(sizeof(CrashRecord));
  for (int i = 0; i < 200; ++i) {
    for (unsigned char& byte : bytes) {
      byte = i == 0 ? 0xFF : static_cast<unsigned char>(random());
    }
    std::memcpy(static_cast<void*>(record.get()), bytes.data(), bytes.size());
    const std::string report = report_of(*record);
    EXPECT_TRUE(report.ends_with('\n'));
    const bool printable = std::all_of(report.begin(), report.end(),
                                       [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
    EXPECT_TRUE(printable) << i;
    EXPECT_FALSE(parts_of_report(report).fields.empty());
  }
}

TEST(CrashReport, IsReadWithNamesOfFunctionsAsPeopleWriteThem) {
  const auto record = std::make_unique<CrashRecord>();
  segv(*record, CrashAccess::kRead, 8);
  record->frame_count = 1;
  const auto address = reinterpret_cast<std::uintptr_t>(&signal_name);
  const auto base = reinterpret_cast<std::uintptr_t>(__executable_start);
  record->frames[0] = {address, address - base, 0, 0};
  record->image_count = 1;
  record->images[0].path.set(std::filesystem::read_symlink("/proc/self/exe").string());
  const std::string report = report_of(*record);
  EXPECT_NE(report.find(" in _ZN5berth7observe11signal_nameEi + 0x0\n"), std::string::npos);
  const std::string text = readable_report(report);
  EXPECT_NE(text.find(" in berth::observe::signal_name(int) + 0x0\n"), std::string::npos) << text;
}

TEST(CrashFolder, KeepsTheNewest) {
  const Folder folder;
  for (std::size_t i = 0; i < base::limits::kCrashReports + 3; ++i) {
    std::array<char, kCrashNameBytes> name;
    const auto when = WallTime(std::chrono::seconds(i));
    const std::string path = folder.path() + "/" + std::string(crash_report_name(when, 5, name));
    ASSERT_TRUE(base::replace_file(path, "what: x\n", 0600));
  }
  prune_crash_reports(folder.path());
  const std::vector<std::string> names = crash_reports(folder.path());
  ASSERT_EQ(names.size(), base::limits::kCrashReports);
  EXPECT_EQ(names.front(), "19700101T000142.000Z-5.txt");
  EXPECT_EQ(names.back(), "19700101T000003.000Z-5.txt");
  EXPECT_EQ(static_cast<std::size_t>(
                std::distance(std::filesystem::directory_iterator(folder.path()), {})),
            base::limits::kCrashReports);
}

TEST(CrashFolder, OnlyNamesOfReportsAreRead) {
  const Folder folder;
  for (const std::string name : {"../../etc/passwd", "", "x", "19700101T000142.000Z", "..",
                                 "19700101T000142.000Z-5/../../x.txt"}) {
    EXPECT_EQ(read_crash_report(folder.path(), name).error().code, base::ErrorCode::kNotFound)
        << name;
  }
}

TEST(SymbolFinder, KnowsNothingOfWhatIsNoElfFile) {
  SymbolFinder finder;
  EXPECT_FALSE(finder.find("/dev/null", 1));
  EXPECT_FALSE(finder.find("/proc/self/stat", 1));
  EXPECT_FALSE(finder.find("/nonexistent", 1));
  EXPECT_FALSE(finder.find(std::string(5000, 'x'), 1));
}

}  // namespace
}  // namespace berth::observe
