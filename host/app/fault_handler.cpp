#include "app/fault_handler.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "app/backtrace.h"
#include "app/crash_drain.h"
#include "app/crash_ledger.h"
#include "app/fault_guard.h"
#include "app/fault_output.h"
#include "app/fault_record.h"
#include "app/process.h"
#include "app/terminate_handler.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/host_link.h"
#include "base/limits.h"
#include "base/whole_file.h"
#include "observe/crash_folder.h"
#include "observe/crash_record.h"
#include "observe/crash_report.h"
#include "observe/symbol_finder.h"
#include "plugin/call_scope.h"
#include "plugin/exit_calls.h"
#include "plugin/image_use.h"
#include "plugin/mapped_file.h"
#include "plugin/signal_calls.h"

namespace berth::app {

namespace {

constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
// A thread that crashes beside another waits so long for that one's record to be whole.
constexpr int kWaitMilliseconds = 2000;
// Who reads stderr is waited for so long for each piece of a report.
constexpr base::Duration kReader = std::chrono::milliseconds(500);
// A drain that is not over by then is stuck.
constexpr base::Duration kParked = base::limits::kCrashDrain + std::chrono::seconds(5);

// Whether the thread stands at the instruction that made the signal, and not behind it.
bool comes_again(int signal, const siginfo_t& info) noexcept {
  return !was_sent(info) && signal != SIGTRAP && signal != SIGSYS;
}

void sleep_a_millisecond() noexcept {
  const timespec time{0, 1'000'000};
  (void)::nanosleep(&time, nullptr);
}

// Of one size: what is over is left out.
class FixedLines final : public observe::CrashLines {
 public:
  void line(std::string_view text) noexcept override {
    if (text.size() > text_.size() - used_) return;
    std::memcpy(text_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), used_}; }
  void clear() noexcept { used_ = 0; }

 private:
  std::array<char, base::limits::kCrashReport> text_;
  std::size_t used_ = 0;
};

class Installed final : public FaultHandler {
 public:
  Installed(const FaultHandlerOptions& options, base::Descriptor folder)
      : link_(options.link),
        ledger_(options.ledger),
        drain_(options.drain),
        folder_(std::move(folder)),
        reports_(!options.folder.empty()),
        executable_(binary_path()) {}
  ~Installed() noexcept override;

  [[nodiscard]] base::Status<> set_handlers();

 private:
  // Of the process; handlers of signals bring nothing along by which it could be reached otherwise.
  static std::atomic<Installed*>& present() noexcept {
    static constinit std::atomic<Installed*> only{nullptr};
    return only;
  }
  // The thread has told what it has to tell.
  static bool& told() noexcept {
    static constinit thread_local bool mine = false;
    return mine;
  }

  static void on_fault(int signal, siginfo_t* info, void* context) noexcept;
  static void on_exit_call(const plugin::ExitCall& call) noexcept;

  // Null: this thread tells nothing, or not again.
  [[nodiscard]] static Installed* begin() noexcept;
  void tell_supervisor(char byte) const noexcept {
    if (link_ >= 0) send_byte(link_, byte);
  }
  // Of zeros, and nobody else's; null: all are taken.
  [[nodiscard]] observe::CrashRecord* claim_record() noexcept;
  // Around the filling of a record, which tells whether the others may go on.
  template <class Fill>
  void tell(const Fill& fill) noexcept;
  // Until a report of another thread is written; false: it takes too long.
  [[nodiscard]] static bool wait_for(const std::atomic<bool>& whole) noexcept;
  // In the ledger, if it counts against its plugin.
  void remember(const observe::CrashRecord& record) const noexcept;
  // Whether the others may go on without this thread; then it has to park.
  [[nodiscard]] bool claim_drain(const observe::CrashRecord& record, bool sent) noexcept;
  // Null: there was no room for a record.
  void report(const observe::CrashRecord* record) noexcept;
  void write_report(const observe::CrashRecord& record) noexcept;
  void keep(std::string_view text, std::int64_t time_us) const noexcept;
  void go_on_as_before(int signal, const siginfo_t& info) noexcept;

  const int link_;
  const CrashLedger* const ledger_;
  CrashDrain* const drain_;
  const base::Descriptor folder_;
  const bool reports_;
  const std::string executable_;
  const pid_t process_ = ::getpid();
  const TerminateHandler terminate_;
  std::array<struct sigaction, kFaults.size()> before_{};
  std::size_t set_ = 0;  // of before_
  // One for each thread that crashes, in their order: what is claimed is never given back. relaxed:
  // a record is its thread's alone.
  std::atomic<std::size_t> claimed_{0};
  // There before anything goes wrong.
  const std::unique_ptr<observe::CrashRecord[]> records_ =
      std::make_unique_for_overwrite<observe::CrashRecord[]>(base::limits::kCrashRecords);
  // The first thread to crash has a report, and one more: of a crash while the others finish what
  // they had begun, say. acq_rel: one thread is the first, and one the other. release: the report
  // is written, and the members below are free.
  std::atomic<bool> one_crashed_{false};
  std::atomic<bool> first_is_whole_{false};
  std::atomic<bool> another_crashed_{false};
  std::atomic<bool> another_is_whole_{false};
  // exit() was called: other threads may fault in what is being taken down. release: before it is.
  std::atomic<bool> exits_{false};
  // Of the one that is written.
  std::int64_t reported_us_ = 0;  // when the crash was
  observe::LineBuffer line_;
  FixedLines lines_;
  observe::SymbolFinder symbols_;
};

Installed::~Installed() noexcept {
  plugin::watch_exits(nullptr);
  for (std::size_t i = 0; i < set_; ++i) (void)::sigaction(kFaults[i], &before_[i], nullptr);
  present().store(nullptr, std::memory_order_release);
}

base::Status<> Installed::set_handlers() {
  prime_backtrace();
  plugin::prime_fault_lookups();
  (void)plugin::ImageUse::peek(nullptr);
  present().store(this, std::memory_order_release);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  // Not blocked meanwhile: a fault of the handler itself is FaultGuard's.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (const int fault : kFaults) {
    if (::sigaction(fault, &action, &before_[set_]) != 0) {
      return base::fail(base::system_error(errno, "sigaction"));
    }
    ++set_;
  }
  plugin::watch_exits(on_exit_call);
  return base::done();
}

Installed* Installed::begin() noexcept {
  Installed* const self = present().load(std::memory_order_acquire);
  if (self == nullptr || self->process_ != ::getpid() || std::exchange(told(), true)) {
    return nullptr;
  }
  self->tell_supervisor(base::kCrashByte);
  return self;
}

observe::CrashRecord* Installed::claim_record() noexcept {
  const std::size_t place = claimed_.fetch_add(1, std::memory_order_relaxed);
  return place < base::limits::kCrashRecords ? ::new (&records_[place]) observe::CrashRecord{}
                                             : nullptr;
}

template <class Fill>
void Installed::tell(const Fill& fill) noexcept {
  const bool first = !one_crashed_.exchange(true, std::memory_order_acq_rel);
  observe::CrashRecord* const record = claim_record();
  if (record != nullptr) {
    const bool drains = fill(*record);
    remember(*record);
    if (drains) tell_supervisor(base::kDrainByte);
  }
  if (first) {
    report(record);
    first_is_whole_.store(true, std::memory_order_release);
    return;
  }
  // What the process ends of must not be cut short by what followed from it; and what follows from
  // exit() is no news.
  if (!wait_for(first_is_whole_) || exits_.load(std::memory_order_acquire)) return;
  if (another_crashed_.exchange(true, std::memory_order_acq_rel)) {
    (void)wait_for(another_is_whole_);
    return;
  }
  report(record);
  another_is_whole_.store(true, std::memory_order_release);
}

bool Installed::wait_for(const std::atomic<bool>& whole) noexcept {
  for (int i = 0; i < kWaitMilliseconds; ++i) {
    if (whole.load(std::memory_order_acquire)) return true;
    sleep_a_millisecond();
  }
  return false;
}

void Installed::remember(const observe::CrashRecord& record) const noexcept {
  if (ledger_ == nullptr || record.plugin.empty()) return;
  const bool exit = record.kind == static_cast<std::uint32_t>(observe::CrashKind::kExit);
  if (!exit && exits_.load(std::memory_order_acquire)) return;
  if (record.sender != 0 && record.sender != record.process) return;
  const bool suspect = record.place == static_cast<std::uint32_t>(observe::CrashPlace::kAllocator);
  const bool asked = !record.method.empty();
  const LedgerEntry entry{
      .kind = suspect ? LedgerEntry::Kind::kSuspect : LedgerEntry::Kind::kCrash,
      .time = record.time_us / 1'000'000,
      .alias = record.plugin.view(),
      .image = record.build_id.view(),
      .fingerprint = asked ? fingerprint_of(record.method.view(), record.target.view()) : 0,
      .pattern = record.route.view()};
  (void)ledger_->write(entry);
}

bool Installed::claim_drain(const observe::CrashRecord& record, bool sent) noexcept {
  using observe::CrashPlace;
  const auto place = static_cast<CrashPlace>(record.place);
  // What the host or the allocator does may be half done, and locked.
  const bool own = place == CrashPlace::kPlugin || place == CrashPlace::kLibrary;
  const bool fault = !sent && record.signal != SIGABRT && own;
  const bool thrown = record.signal == SIGABRT && terminated() != nullptr;
  if (drain_ == nullptr || record.blame == 0 || (!fault && !thrown)) return false;
  const plugin::Call* const call = plugin::CallScope::innermost();
  return call != nullptr && drain_->claim(call->response);
}

void Installed::report(const observe::CrashRecord* record) noexcept {
  if (record == nullptr || !reports_) return;
  (void)FaultGuard::run([&] { write_report(*record); });
}

void Installed::write_report(const observe::CrashRecord& record) noexcept {
  constexpr std::string_view kHead = "berth: crash report\n";
  lines_.clear();
  lines_.line(kHead);
  observe::format_crash(record, symbols_, line_, lines_);
  const std::string_view text = lines_.text().substr(kHead.size());
  // A name of its own, also where two threads crash in one millisecond.
  reported_us_ = std::max(record.time_us, reported_us_ + 1000);
  keep(text, reported_us_);
  lines_.line("berth: end of the crash report\n");
  (void)write_to_reader(STDERR_FILENO, lines_.text(), kReader);
}

void Installed::keep(std::string_view text, std::int64_t time_us) const noexcept {
  const observe::WallTime when{std::chrono::microseconds(time_us)};
  std::array<char, observe::kCrashNameBytes> buffer{};
  // Both end in a NUL, being longer than any name. Another process may write its own meanwhile.
  const std::string_view name = observe::crash_report_name(when, process_, buffer);
  std::array<char, base::kNewPrefix.size() + observe::kCrashNameBytes> aside{};
  base::kNewPrefix.copy(aside.data(), base::kNewPrefix.size());
  name.copy(aside.data() + base::kNewPrefix.size(), name.size());
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const int file = ::openat(folder_.get(), aside.data(), kFlags, 0600);
  if (file < 0) return;
  // Not waited for the disk, which may take seconds while it is busy: the others wait for this
  // thread, and a report outlives its process without.
  const bool whole = write_to_file(file, text);
  (void)::close(file);
  if (whole) {
    (void)::renameat(folder_.get(), aside.data(), folder_.get(), name.data());
  } else {
    (void)::unlinkat(folder_.get(), aside.data(), 0);
  }
}

void Installed::go_on_as_before(int signal, const siginfo_t& info) noexcept {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (std::size_t i = 0; i < kFaults.size(); ++i) {
    if (kFaults[i] != signal) continue;
    const bool ignored =
        (before_[i].sa_flags & SA_SIGINFO) == 0 && before_[i].sa_handler == SIG_IGN;
    if (!ignored) action = before_[i];
  }
  (void)::sigaction(signal, &action, nullptr);
  if (comes_again(signal, info)) return;
  // Once more, when this handler has returned.
  sigset_t only;
  (void)::sigemptyset(&only);
  (void)::sigaddset(&only, signal);
  (void)plugin::set_signal_mask(SIG_BLOCK, &only, nullptr);
  (void)::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
}

void Installed::on_fault(int signal, siginfo_t* info, void* context) noexcept {
  FaultGuard::leave_step();
  const int saved = errno;
  if (Installed* const self = begin()) {
    bool drains = false;
    self->tell([&](observe::CrashRecord& record) {
      record_fault(record, signal, *info, *static_cast<const ucontext_t*>(context),
                   self->executable_);
      drains = self->claim_drain(record, was_sent(*info));
      record.decision.set(drains ? "others finish what they have in flight, then the process ends"
                                 : "the process ends");
      return drains;
    });
    if (drains) self->drain_->park(kParked);
  }
  if (Installed* const self = present().load(std::memory_order_acquire)) {
    self->go_on_as_before(signal, *info);
  }
  errno = saved;
}

void Installed::on_exit_call(const plugin::ExitCall& call) noexcept {
  Installed* const self = begin();
  if (self == nullptr) return;
  self->exits_.store(true, std::memory_order_release);
  self->tell([&](observe::CrashRecord& record) {
    record_exit(record, call, self->executable_);
    record.decision.set("the process ends, as it was told to");
    return false;
  });
}

}  // namespace

base::Result<std::unique_ptr<FaultHandler>> FaultHandler::install(FaultHandlerOptions options) {
  base::Descriptor folder;
  if (!options.folder.empty()) {
    if (auto status = base::make_private_folder(options.folder); !status) {
      return base::fail(std::move(status).error());
    }
    observe::prune_crash_reports(options.folder);
    folder.reset(::open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return base::fail(base::system_error(errno, "cannot open " + options.folder));
  }
  auto handler = std::make_unique<Installed>(options, std::move(folder));
  if (auto status = handler->set_handlers(); !status) {
    return base::fail(std::move(status).error());
  }
  return std::unique_ptr<FaultHandler>(std::move(handler));
}

}  // namespace berth::app
