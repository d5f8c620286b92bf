#include "app/fault_record.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "app/backtrace.h"
#include "app/fault_guard.h"
#include "app/terminate_handler.h"
#include "plugin/call_scope.h"
#include "plugin/image_use.h"
#include "plugin/mapped_file.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::app {

namespace {

using observe::CrashAccess;
using observe::CrashBlame;
using observe::CrashPlace;
using observe::CrashRecord;

// A fault so near to the stack pointer is one of the page that the stack ends at: what is mapped
// there does not fault.
constexpr std::uint64_t kStackReach = 64 * std::uint64_t{1024};

template <class Enumeration>
constexpr std::uint32_t number(Enumeration value) noexcept {
  return static_cast<std::uint32_t>(value);
}

const void* pointer(std::uint64_t address) noexcept {
  return reinterpret_cast<const void*>(address);  // NOLINT(performance-no-int-to-ptr)
}

// What of the processor's state says where it stood.
struct Registers {
  std::uint64_t instruction = 0;
  std::uint64_t stack = 0;
  CrashAccess access = CrashAccess::kUnknown;  // of SIGSEGV
};

Registers registers_of(const ucontext_t& context) noexcept {
  Registers result;
#if defined(__x86_64__)
  const auto value = [&context](int which) {
    return static_cast<std::uint64_t>(context.uc_mcontext.gregs[which]);
  };
  result.instruction = value(REG_RIP);
  result.stack = value(REG_RSP);
  // Intel SDM vol. 3A s4.7: bit 1 a write, bit 4 an instruction fetch.
  const std::uint64_t error = value(REG_ERR);
  result.access = (error & 16) != 0  ? CrashAccess::kExecute
                  : (error & 2) != 0 ? CrashAccess::kWrite
                                     : CrashAccess::kRead;
#elif defined(__aarch64__)
  result.instruction = context.uc_mcontext.pc;
  result.stack = context.uc_mcontext.sp;
#else
  (void)context;
#endif
  return result;
}

std::int64_t microseconds(const timeval& time) noexcept {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

// /proc/self/statm: sizes in pages, the second one is what is resident.
std::uint64_t resident_kib() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 128> text{};
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  (void)::close(file);
  if (size <= 0) return 0;
  const char* const end = text.data() + size;
  std::uint64_t pages = 0;
  const char* const blank = std::from_chars(text.data(), end, pages).ptr;
  if (blank >= end) return 0;
  std::from_chars(blank + 1, end, pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

void add_thread(CrashRecord& record) noexcept {
  record.thread = static_cast<std::uint32_t>(::gettid());
  std::array<char, 32> name{};
  if (::prctl(PR_GET_NAME, name.data()) == 0) record.thread_name.set(name.data());
}

void add_process(CrashRecord& record) noexcept {
  timespec now{};
  (void)::clock_gettime(CLOCK_REALTIME, &now);
  record.time_us = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  record.process = static_cast<std::uint32_t>(::getpid());
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    record.user_us = microseconds(usage.ru_utime);
    record.system_us = microseconds(usage.ru_stime);
    record.max_resident_kib = static_cast<std::uint64_t>(usage.ru_maxrss);
  }
  record.resident_kib = resident_kib();
}

void add_plugin(CrashRecord& record, const plugin::ImageUse& image, CrashBlame blame) noexcept {
  const plugin::ImageName& name = image.name();
  record.plugin.set(name.alias);
  record.version.set(name.version);
  record.build_id.set(name.build_id);
  if (record.generation == 0) record.generation = name.generation;
  record.blame = number(blame);
}

void add_call(CrashRecord& record) noexcept {
  const plugin::Call* const call = plugin::CallScope::innermost();
  if (call == nullptr) return;
  record.route.set(call->site->pattern);
  if (call->site->image != nullptr) add_plugin(record, *call->site->image, CrashBlame::kCall);
}

void add_request(CrashRecord& record) noexcept {
  const plugin::Call* const call = plugin::CallScope::innermost();
  if (call == nullptr || call->response == nullptr) return;
  const serve::Request& request = call->response->request();
  record.generation = request.route().generation;
  record.method.set(request.method());
  record.target.set(request.target());
  // As the access log has it.
  if (const auto id = call->response->field("X-Request-Id")) record.request_id.set(*id);
}

void add_message(CrashRecord& record) noexcept {
  if (const Terminated* const why = terminated()) {
    record.exception.set(why->exception.view());
    record.message.set(why->message.view());
  } else {
    record.message.set(plugin::abort_message());
  }
}

// Of a fault in a library: the allocator's, or whose code has called it. Outside of a request the
// host's frames may be no more than those that its threads begin with.
CrashPlace place_in_library(const CrashRecord& record, bool in_request) noexcept {
  for (std::size_t i = 0; i < record.frames_there(); ++i) {
    const std::uint64_t address = record.frames[i].address;
    const plugin::MappedFile file = plugin::file_at(pointer(address));
    if (!file.found || plugin::ImageUse::peek(pointer(address)) != nullptr) break;
    if (file.executable) return in_request ? CrashPlace::kHost : CrashPlace::kLibrary;
    const std::uint64_t inside = i == 0 ? address + 1 : address;
    if (plugin::is_allocator(_Unwind_FindEnclosingFunction(const_cast<void*>(pointer(inside))))) {
      return CrashPlace::kAllocator;
    }
  }
  return CrashPlace::kLibrary;
}

CrashPlace place_of(const CrashRecord& record, bool sent) noexcept {
  const void* const address = pointer(record.instruction);
  const plugin::MappedFile file = plugin::file_at(address);
  if (!file.found) return CrashPlace::kNowhere;
  if (file.executable) return CrashPlace::kHost;
  if (plugin::ImageUse::peek(address) != nullptr) return CrashPlace::kPlugin;
  const plugin::Call* const call = plugin::CallScope::innermost();
  // What is sent comes through the host where std::terminate() or kill() was called.
  return place_in_library(record, !sent && call != nullptr && call->response != nullptr);
}

// Of a thread that was in no call: a library's, or one that a plugin started in its own way.
void add_blame(CrashRecord& record) noexcept {
  for (std::size_t i = 0; i < record.frames_there() && record.plugin.empty(); ++i) {
    const void* const address = pointer(record.frames[i].address);
    if (const plugin::ImageUse* const image = plugin::ImageUse::peek(address)) {
      add_plugin(record, *image, i == 0 ? CrashBlame::kInstruction : CrashBlame::kBacktrace);
    }
  }
}

// Else by a timer or a queue of the process itself, and the fields are theirs.
bool has_sender(const siginfo_t& info) noexcept {
  return info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == SI_TKILL;
}

template <class Step>
void attempt(CrashRecord& record, const Step& step) noexcept {
  if (!FaultGuard::run(step)) ++record.faults;
}

// The likeliest to be sound first.
void add_rest(CrashRecord& record, std::string_view executable) noexcept {
  attempt(record, [&] { add_thread(record); });
  attempt(record, [&] { add_process(record); });
  attempt(record, [&] { add_call(record); });
  attempt(record, [&] { add_request(record); });
  attempt(record,
          [&] { add_backtrace(record, record.instruction, record.stack_pointer, executable); });
  attempt(record, [&] { add_blame(record); });
}

}  // namespace

bool was_sent(const siginfo_t& info) noexcept { return info.si_code <= 0; }

void record_fault(CrashRecord& record, int signal, const siginfo_t& info, const ucontext_t& context,
                  std::string_view executable) noexcept {
  const plugin::ImageUse::Peeking names_stay;  // others may go on, and unload
  const Registers registers = registers_of(context);
  record.kind = number(observe::CrashKind::kSignal);
  record.signal = signal;
  record.code = info.si_code;
  record.instruction = registers.instruction;
  record.stack_pointer = registers.stack;
  if (was_sent(info)) {
    const bool by_process = has_sender(info);
    record.sender = static_cast<std::uint32_t>(by_process ? info.si_pid : ::getpid());
    record.sender_user = by_process ? info.si_uid : ::getuid();
  } else {
    record.access = number(registers.access);
    // With SI_KERNEL the processor has not told the address.
    record.has_address = info.si_code == SI_KERNEL ? 0 : 1;
    record.address = reinterpret_cast<std::uintptr_t>(info.si_addr);
    const std::uint64_t distance = record.address > registers.stack
                                       ? record.address - registers.stack
                                       : registers.stack - record.address;
    record.stack_full =
        signal == SIGSEGV && record.has_address != 0 && distance < kStackReach ? 1 : 0;
  }
  add_rest(record, executable);
  if (signal == SIGABRT) attempt(record, [&] { add_message(record); });
  attempt(record, [&] { record.place = number(place_of(record, was_sent(info))); });
}

void record_exit(CrashRecord& record, const plugin::ExitCall& call,
                 std::string_view executable) noexcept {
  const plugin::ImageUse::Peeking names_stay;  // others go on, and may unload
  record.kind = number(observe::CrashKind::kExit);
  record.exit_code = call.code;
  record.call.set(call.function);
  record.instruction = reinterpret_cast<std::uintptr_t>(call.caller);
  add_rest(record, executable);
}

void record_call(CrashRecord& record, const ucontext_t& context,
                 std::string_view executable) noexcept {
  if (FaultGuard::in_step()) return;
  const plugin::ImageUse::Peeking names_stay;  // the server goes on, and may unload
  const Registers registers = registers_of(context);
  record.instruction = registers.instruction;
  record.stack_pointer = registers.stack;
  add_thread(record);
  attempt(record, [&] { add_call(record); });
  attempt(record, [&] { add_request(record); });
  attempt(record,
          [&] { add_backtrace(record, record.instruction, record.stack_pointer, executable); });
}

}  // namespace berth::app
