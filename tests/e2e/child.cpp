#include "e2e/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace berth::e2e {

namespace {

// Generous: only a broken test gets there, and a sanitizer on a busy machine does not.
constexpr auto kDeadline = std::chrono::seconds(60);

std::vector<std::string> merged_environment(const ChildOptions& options) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::string name = text.substr(0, text.find('='));
    // What would change which configuration or state folder a test uses.
    if (name.starts_with("BERTH_") || name == "STATE_DIRECTORY") continue;
    if (!options.environment.contains(name)) result.push_back(text);
  }
  for (const auto& [name, value] : options.environment) {
    result.push_back(std::string(name).append("=").append(value));
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::array<base::Descriptor, 2> make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {base::Descriptor(ends[0]), base::Descriptor(ends[1])};
}

void append_from(base::Descriptor& pipe, std::string& text) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(pipe.get(), buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || errno != EINTR) {
    pipe.reset();
  }
}

// In the child. By way of high numbers: the wanted ones may be among those that are copied.
void hand_down(const std::vector<int>& descriptors) {
  constexpr int kHigh = 500;
  constexpr int kFirst = 3;  // sd_listen_fds(3)
  const int count = static_cast<int>(descriptors.size());
  for (int i = 0; i < count; ++i) {
    ::dup2(descriptors[static_cast<std::size_t>(i)], kHigh + i);
  }
  for (int i = 0; i < count; ++i) {
    ::dup2(kHigh + i, kFirst + i);
    ::close(kHigh + i);
  }
}

// Writes the number's digits to where they begin and ends the text.
void write_number(char* text, int number) {
  std::array<char, 16> digits{};
  std::size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *text++ = digits[--count];
  *text = '\0';
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const ChildOptions& options) {
  std::vector<std::string> words = command;
  std::vector<std::string> variables = merged_environment(options);
  const std::size_t own_pid = variables.size();
  if (!options.descriptors.empty()) {
    variables.push_back("LISTEN_PID=          ");  // room for the child's, known to it alone
    variables.push_back("LISTEN_FDS=" + std::to_string(options.descriptors.size()));
  }
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(variables);
  auto out = make_pipe();
  auto err = make_pipe();
  sigset_t none;
  ::sigemptyset(&none);
  pid_ = ::fork();
  EXPECT_GE(pid_, 0);
  if (pid_ == 0) {  // from here to exec only what is safe beside other threads
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out[1].get(), STDOUT_FILENO);
    ::dup2(err[1].get(), STDERR_FILENO);
    ::signal(SIGPIPE, SIG_DFL);
    if (!options.descriptors.empty()) {
      hand_down(options.descriptors);
      write_number(environment[own_pid] + std::strlen("LISTEN_PID="), ::getpid());
    }
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (options.folder.empty() || ::chdir(options.folder.c_str()) == 0) {
      ::execve(arguments[0], arguments.data(), environment.data());
    }
    ::_exit(127);
  }
  out_pipe_ = std::move(out[0]);
  err_pipe_ = std::move(err[0]);
}

Child::~Child() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) const {
  ASSERT_TRUE(running());
  EXPECT_EQ(::kill(pid_, number), 0);
}

bool Child::read_more() {
  std::array<pollfd, 2> waits{
      {{out_pipe_.get(), POLLIN, 0}, {err_pipe_.get(), POLLIN, 0}}};  // -1 is left out
  if (!out_pipe_ && !err_pipe_) return false;
  const auto limit = std::chrono::milliseconds(kDeadline).count();
  const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(limit));
  if (ready == 0) {
    ADD_FAILURE() << "the program neither writes nor ends; so far:\n" << out_ << err_;
    return false;
  }
  if (waits[0].revents != 0) append_from(out_pipe_, out_);
  if (waits[1].revents != 0) append_from(err_pipe_, err_);
  return true;
}

bool Child::wait_for(std::string_view text, std::size_t times) {
  const auto count = [&] {
    std::size_t found = 0;
    for (std::size_t at = err_.find(text); at != std::string::npos; at = err_.find(text, at + 1)) {
      ++found;
    }
    return found;
  };
  while (count() < times) {
    if (!read_more()) {
      ADD_FAILURE() << "the program did not say \"" << text << "\":\n" << out_ << err_;
      return false;
    }
  }
  return true;
}

int Child::wait() {
  if (!running()) return -1;
  while (read_more()) {
  }
  if (out_pipe_ || err_pipe_) ::kill(pid_, SIGKILL);  // the deadline, told already
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Outcome run(const std::vector<std::string>& command, const ChildOptions& options) {
  Child child(command, options);
  const int code = child.wait();
  return {code, child.out(), child.err()};
}

}  // namespace berth::e2e
