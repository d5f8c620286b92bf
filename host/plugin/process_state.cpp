#include "plugin/process_state.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <functional>
#include <string_view>
#include <utility>

#include "plugin/image_use.h"

namespace berth::plugin {

namespace {

constexpr std::array<std::string_view, 3> kStreamNames = {"standard input", "standard output",
                                                          "standard error"};
constexpr std::array<std::string_view, 6> kLocaleNames = {
    "LC_CTYPE", "LC_NUMERIC", "LC_TIME", "LC_COLLATE", "LC_MONETARY", "LC_MESSAGES"};
// By their numbers, which are Linux's on the processors that plugins are built for.
constexpr std::array<std::string_view, RLIMIT_NLIMITS> kLimitNames = {
    "CPU",     "FSIZE", "DATA",  "STACK",      "CORE",     "RSS",  "NPROC",  "NOFILE",
    "MEMLOCK", "AS",    "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"};

// umask(2) can only tell by setting it, and other threads make files.
std::optional<mode_t> read_umask() {
  const base::Descriptor file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  std::array<char, 256> bytes{};  // it is the second line, behind a name of 15 bytes, escaped
  const ssize_t count = file ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
  if (count <= 0) return std::nullopt;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(count));
  constexpr std::string_view kKey = "\nUmask:\t";
  const std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return std::nullopt;
  mode_t mask = 0;
  const std::string_view digits = text.substr(at + kKey.size());
  if (std::from_chars(digits.begin(), digits.end(), mask, 8).ec != std::errc()) return std::nullopt;
  return mask;
}

std::string octal(mode_t mask) {
  std::string text = "0000";
  for (std::size_t i = text.size(); i-- > 0; mask >>= 3U) {
    text[i] = static_cast<char>('0' + (mask & 7U));
  }
  return text;
}

std::string name_of(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  if (name != nullptr) return std::string("SIG") + name;
  return "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
}

bool is_default(const struct sigaction& action) noexcept { return action.sa_handler == SIG_DFL; }
bool is_ignored(const struct sigaction& action) noexcept { return action.sa_handler == SIG_IGN; }
bool is_handled(const struct sigaction& action) noexcept {
  return !is_default(action) && !is_ignored(action);
}
// One union of both kinds.
const void* code_of(const struct sigaction& action) noexcept {
  return reinterpret_cast<const void*>(action.sa_handler);
}

std::string_view text_of(const struct sigaction& action) noexcept {
  return is_default(action) ? "default" : is_ignored(action) ? "ignored" : "handled";
}

std::string text_of(rlim_t limit) {
  return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit);
}

// Whether it stands for the same file as `copy` now: it does not where somebody was faster.
bool reopen(int copy, int descriptor) noexcept {
  const int made = ::fcntl(copy, F_DUPFD, descriptor);
  if (made >= 0 && made != descriptor) (void)::close(made);
  return made == descriptor;
}

bool are_equal(const sigset_t& one, const sigset_t& other) noexcept {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (::sigismember(&one, signal) != ::sigismember(&other, signal)) return false;
  }
  return true;
}

// The environment as it is now. Who changes it on another thread meanwhile breaks getenv(3), too.
std::map<std::string, std::size_t> read_environment() {
  std::map<std::string, std::size_t> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t end = text.find('=');
    if (end == std::string_view::npos) continue;
    result.emplace(text.substr(0, end), std::hash<std::string_view>()(text.substr(end + 1)));
  }
  return result;
}

}  // namespace

ProcessState::File ProcessState::identify(int descriptor) {
  File file;
  struct stat status {};
  file.open = ::fstat(descriptor, &status) == 0;
  if (!file.open) return file;
  // Not among the standard ones, should one of them be closed.
  file.copy.reset(::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return file;
}

ProcessState::File ProcessState::identify_folder() {
  const base::Descriptor folder(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder) return identify(folder.get());
  File file;
  struct stat status {};
  file.open = ::stat(".", &status) == 0;
  file.device = status.st_dev;
  file.inode = status.st_ino;
  return file;
}

ProcessState ProcessState::now() {
  ProcessState state;
  // Before any other descriptor takes the place of one that is closed.
  for (std::size_t i = 0; i < state.streams_.size(); ++i) {
    state.streams_[i] = identify(static_cast<int>(i));
  }
  (void)::pthread_sigmask(SIG_SETMASK, nullptr, &state.mask_);
  (void)::sigaltstack(nullptr, &state.alternate_stack_);
  state.thread_locale_ = ::uselocale(nullptr);
  state.floating_mode_ = base::FloatingMode::now();
  state.umask_ = read_umask();
  state.folder_ = identify_folder();
  for (std::size_t i = 0; i < kLocales.size(); ++i) {
    state.locales_[i] = ::setlocale(kLocales[i], nullptr);
  }
  state.environment_ = read_environment();
  for (std::size_t i = 0; i < kLimits; ++i) {
    (void)::getrlimit(static_cast<__rlimit_resource>(i), &state.limits_[i]);
  }
  for (std::size_t i = 1; i < kSignals; ++i) {
    (void)::sigaction(static_cast<int>(i), nullptr, &state.actions_[i]);
  }
  return state;
}

// What was, against what is.
class ProcessState::Comparison {
 public:
  Comparison(const ProcessState& before, const ProcessState& after)
      : before_(before), after_(after) {}

  std::vector<Change> run() {
    compare_thread();
    compare_files();
    compare_locales();
    compare_signals();
    compare_limits();
    compare_environment();
    return std::move(changes_);
  }

 private:
  void add(std::string text, bool put_back) { changes_.push_back({std::move(text), put_back}); }
  static bool are_same(const File& one, const File& other) noexcept {
    return one.open == other.open && one.device == other.device && one.inode == other.inode;
  }

  void compare_thread();
  void compare_files();
  void compare_locales();
  void compare_signals();
  void compare_limits();
  void compare_environment();

  const ProcessState& before_;
  const ProcessState& after_;
  std::vector<Change> changes_;
};

void ProcessState::Comparison::compare_thread() {
  if (!are_equal(before_.mask_, after_.mask_)) {
    add("the thread's signal mask", ::pthread_sigmask(SIG_SETMASK, &before_.mask_, nullptr) == 0);
  }
  const stack_t& stack = before_.alternate_stack_;
  if (stack.ss_sp != after_.alternate_stack_.ss_sp ||
      stack.ss_flags != after_.alternate_stack_.ss_flags) {
    add("the thread's alternate signal stack", ::sigaltstack(&stack, nullptr) == 0);
  }
  if (before_.floating_mode_ != after_.floating_mode_) {
    before_.floating_mode_.set();
    add("the thread's floating-point mode", true);
  }
  if (before_.thread_locale_ != after_.thread_locale_) {
    (void)::uselocale(before_.thread_locale_);
    add("the thread's locale", true);
  }
}

void ProcessState::Comparison::compare_files() {
  if (before_.umask_ && after_.umask_ && before_.umask_ != after_.umask_) {
    (void)::umask(*before_.umask_);
    add("umask " + octal(*before_.umask_) + " -> " + octal(*after_.umask_), true);
  }
  if (!are_same(before_.folder_, after_.folder_)) {
    add("working directory", ::fchdir(before_.folder_.copy.get()) == 0);
  }
  for (std::size_t i = 0; i < kStreamNames.size(); ++i) {
    const File& was = before_.streams_[i];
    const File& is = after_.streams_[i];
    if (are_same(was, is)) continue;
    std::string text(kStreamNames[i]);
    if (!is.open) text += " (closed)";
    // One that is another file now may be a connection that another thread accepted after the
    // plugin had closed it: nothing may take its place.
    add(std::move(text), !is.open && reopen(was.copy.get(), static_cast<int>(i)));
  }
}

void ProcessState::Comparison::compare_locales() {
  // Streams and Poco format numbers by it. Its facets may be the plugin's, and leave with it.
  const bool streams = before_.streams_locale_ != after_.streams_locale_;
  if (streams) {
    (void)std::locale::global(before_.streams_locale_);
    add("C++ locale \"" + before_.streams_locale_.name() + "\" -> \"" +
            after_.streams_locale_.name() + "\"",
        true);
  }
  for (std::size_t i = 0; i < kLocales.size(); ++i) {
    const std::string& was = before_.locales_[i];
    const std::string& is = after_.locales_[i];
    if (was == is && !streams) continue;  // which sets these, too
    const bool put_back = ::setlocale(kLocales[i], was.c_str()) != nullptr;
    if (was == is) continue;
    add("locale " + std::string(kLocaleNames[i]) + " \"" + was + "\" -> \"" + is + "\"", put_back);
  }
}

void ProcessState::Comparison::compare_signals() {
  for (std::size_t i = 1; i < kSignals; ++i) {
    const int signal = static_cast<int>(i);
    const struct sigaction& was = before_.actions_[i];
    const struct sigaction& is = after_.actions_[i];
    if (code_of(was) == code_of(is) && was.sa_flags == is.sa_flags) continue;
    // A handler that leaves with its plugin is not wanted back.
    const bool ours = !is_handled(was) || ImageUse::peek(code_of(was)) == nullptr;
    const bool put_back = !is_handled(is) && ours && ::sigaction(signal, &was, nullptr) == 0;
    std::string text = name_of(signal) + ": " + std::string(text_of(was)) + " -> ";
    if (is_handled(was) && is_handled(is)) text += "otherwise ";
    add(text + std::string(text_of(is)), put_back);
  }
}

void ProcessState::Comparison::compare_limits() {
  for (std::size_t i = 0; i < kLimits; ++i) {
    const rlimit& was = before_.limits_[i];
    const rlimit& is = after_.limits_[i];
    if (was.rlim_cur == is.rlim_cur && was.rlim_max == is.rlim_max) continue;
    std::string text = "RLIMIT_" + std::string(kLimitNames[i]);
    if (was.rlim_cur != is.rlim_cur) {
      text += " " + text_of(was.rlim_cur) + " -> " + text_of(is.rlim_cur);
    }
    if (was.rlim_max != is.rlim_max) {
      text += " (at most " + text_of(was.rlim_max) + " -> " + text_of(is.rlim_max) + ")";
    }
    add(std::move(text), false);
  }
}

void ProcessState::Comparison::compare_environment() {
  // Names alone: values are secrets often enough.
  std::string names;
  for (const auto& [name, value] : after_.environment_) {
    const auto found = before_.environment_.find(name);
    if (found == before_.environment_.end()) {
      names += " +" + name;
    } else if (found->second != value) {
      names += " ~" + name;
    }
  }
  for (const auto& [name, value] : before_.environment_) {
    if (!after_.environment_.contains(name)) names += " -" + name;
  }
  if (!names.empty()) add("environment:" + names, false);
}

std::vector<ProcessState::Change> ProcessState::compare_and_put_back() const {
  const ProcessState after = now();
  return Comparison(*this, after).run();
}

}  // namespace berth::plugin
