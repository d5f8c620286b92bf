#include "observe/crash_words.h"

#include <signal.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "observe/escape.h"

namespace berth::observe {

namespace {

// No pointer into an object is below: the first page is never mapped.
constexpr std::uint64_t kFirstPage = 4096;
constexpr std::size_t kMessageBytes = 1024;

std::string_view verb(std::uint32_t access) noexcept {
  switch (static_cast<CrashAccess>(access)) {
    case CrashAccess::kRead:
      return "read from";
    case CrashAccess::kWrite:
      return "wrote to";
    case CrashAccess::kExecute:
      return "jumped to";
    case CrashAccess::kUnknown:
      break;
  }
  return "used";
}

void add_segv(LineBuffer& line, const CrashRecord& record) noexcept {
  if (record.stack_full != 0) {
    line.add("the stack ran over");
    return;
  }
  line.add(verb(record.access));
  if (record.has_address == 0) {  // a general protection fault: the processor does not tell it
    line.add(" an address that no memory can have");
    return;
  }
  line.add(" address ");
  add_hex(line, record.address);
  if (record.address < kFirstPage) {
    line.add(", a null pointer");
  } else {
    line.add(record.code == SEGV_ACCERR ? ", which is not allowed there" : ", where nothing is");
  }
}

std::string_view bus_words(int code) noexcept {
  switch (code) {
    case BUS_ADRALN:
      return "a misaligned address";
    case BUS_ADRERR:
      return "memory without anything behind it, as of a mapped file that was made shorter";
    default:
      return "an error of the memory";
  }
}

std::string_view fpe_words(int code) noexcept {
  switch (code) {
    case FPE_INTDIV:
      return "an integer division by zero";
    case FPE_INTOVF:
      return "an integer that ran over";
    default:
      return "an error of floating-point arithmetic";
  }
}

void add_abort(LineBuffer& line, const CrashRecord& record) noexcept {
  if (!record.exception.empty()) {
    line.add("std::terminate() for ");
    add_ascii(line, record.exception.view(), kMessageBytes);
    if (!record.message.empty()) {
      line.add(": ");
      add_ascii(line, record.message.view(), kMessageBytes);
    }
  } else if (!record.message.empty()) {
    add_ascii(line, record.message.view(), kMessageBytes);
  } else {
    line.add("abort() was called");
  }
}

void add_sender(LineBuffer& line, const CrashRecord& record) noexcept {
  line.add("sent by ");
  if (record.sender == record.process) {
    line.add("this process itself");
    return;
  }
  line.add("process ");
  line.add_number(record.sender);
  line.add(" of user ");
  line.add_number(record.sender_user);
}

void add_signal(LineBuffer& line, const CrashRecord& record) noexcept {
  const std::string_view name = signal_name(record.signal);
  if (name.empty()) {
    line.add("signal ");
    line.add_number(record.signal);
  } else {
    line.add(name);
  }
  line.add(": ");
  // A process that aborts sends it to itself.
  const bool aborts = record.signal == SIGABRT && record.sender == record.process;
  if (record.sender != 0 && !aborts) return add_sender(line, record);
  switch (record.signal) {
    case SIGSEGV:
      return add_segv(line, record);
    case SIGBUS:
      line.add(bus_words(record.code));
      return;
    case SIGFPE:
      line.add(fpe_words(record.code));
      return;
    case SIGILL:
      line.add("an instruction that this processor does not have, such as __builtin_trap()");
      return;
    case SIGABRT:
      return add_abort(line, record);
    case SIGTRAP:
      line.add("a breakpoint, such as __builtin_trap() on some processors");
      return;
    case SIGSYS:
      line.add("a system call that is forbidden here");
      return;
    default:
      line.add("a fault");
  }
}

}  // namespace

std::string_view signal_name(int signal) noexcept {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    case SIGKILL:
      return "SIGKILL";
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGQUIT:
      return "SIGQUIT";
    case SIGHUP:
      return "SIGHUP";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGSYS:
      return "SIGSYS";
    case SIGXCPU:
      return "SIGXCPU";
    case SIGPIPE:
      return "SIGPIPE";
    default:
      return {};
  }
}

void add_what(LineBuffer& line, const CrashRecord& record) noexcept {
  if (static_cast<CrashKind>(record.kind) != CrashKind::kExit) return add_signal(line, record);
  add_ascii(line, record.call.view(), kMessageBytes);
  line.add("(");
  line.add_number(record.exit_code);
  line.add(") was called: a plugin is not to end the process");
}

std::string_view suspicion(const CrashRecord& record) noexcept {
  switch (static_cast<CrashPlace>(record.place)) {
    case CrashPlace::kAllocator:
      return "heap corruption: the allocator found what others had written over, perhaps long ago";
    case CrashPlace::kHost:
      return "heap corruption, or a wrong pointer that was given to the host: the fault is in "
             "berth's code";
    case CrashPlace::kNowhere:
      return "a call by a pointer that was wrong or overwritten: there is no code at the fault";
    default:
      return {};
  }
}

std::string_view blame_words(const CrashRecord& record) noexcept {
  switch (static_cast<CrashBlame>(record.blame)) {
    case CrashBlame::kCall:
      return "the thread was inside a call into it";
    case CrashBlame::kInstruction:
      return "the fault is in its code";
    case CrashBlame::kBacktrace:
      return "its code called what faulted";
    default:
      return {};
  }
}

void add_hex(LineBuffer& line, std::uint64_t value) noexcept {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  line.add("0x");
  line.add(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

}  // namespace berth::observe
