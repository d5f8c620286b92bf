// One program started by a test: what it writes is collected, every wait has a deadline, and it
// never outlives the test. It knows nothing of berth.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"

namespace berth::e2e {

struct ChildOptions {
  std::map<std::string, std::string> environment = {};  // beside what the test itself has
  std::string folder = {};                              // it runs in; empty: the test's own
  // Handed down as descriptors 3 and on, with LISTEN_FDS and LISTEN_PID set for it.
  std::vector<int> descriptors = {};
};

// One thread. A wait fails the test after a generous deadline instead of hanging.
class Child {
 public:
  // command[0] is the path of a program. Signals are at their defaults, none is blocked.
  explicit Child(const std::vector<std::string>& command, const ChildOptions& options = {});
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills it if it still runs.
  ~Child();

  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  // Reads until `text` stands so many times in what it wrote to stderr; false, with a test failure:
  // it ended.
  bool wait_for(std::string_view text, std::size_t times = 1);
  // Reads until it ends: its exit code, or 128 and the signal that ended it.
  int wait();
  // Nobody reads its stderr any longer.
  void close_err() { err_pipe_.reset(); }

  // What was read until now; after wait() all of it.
  [[nodiscard]] const std::string& out() const noexcept { return out_; }
  [[nodiscard]] const std::string& err() const noexcept { return err_; }

 private:
  // Waits for more of what it writes; false: both ends are closed, or (a failure) the deadline.
  bool read_more();

  pid_t pid_ = -1;
  base::Descriptor out_pipe_;
  base::Descriptor err_pipe_;
  std::string out_;
  std::string err_;
};

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

// Runs a program to its end.
[[nodiscard]] Outcome run(const std::vector<std::string>& command,
                          const ChildOptions& options = {});

}  // namespace berth::e2e
