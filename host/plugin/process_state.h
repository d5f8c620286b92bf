// What all code in the process has in common and a plugin may change: taken before a call into it
// and compared after. It repairs what it safely can, and knows no plugin.
#pragma once

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <locale>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/floating_mode.h"

namespace berth::plugin {

// Of the process: umask, working directory, standard streams, locale, environment, resource limits
// and what is done about each signal. Of the calling thread: its mask of signals, its alternate
// stack for them, its locale and its floating-point mode. Costs some 100 system calls and four
// descriptors: for calls that are no requests.
class ProcessState {
 public:
  struct Change {
    std::string text;       // "umask 0022 -> 0000"; printable only if the names in it are
    bool put_back = false;  // else it is as the plugin left it
  };

  [[nodiscard]] static ProcessState now();

  // What is another now than it was then; on the same thread. Put back is what others rely on and a
  // plugin has no right to: all but the environment and the resource limits, where a library may
  // well read what its plugin has set; signal handlers of the plugin's own, which languages'
  // runtimes need and which mostly call the one before (what was set to be ignored or to the
  // default is put back); and standard streams that are another file now and not only closed.
  [[nodiscard]] std::vector<Change> compare_and_put_back() const;

 private:
  static constexpr std::size_t kSignals = NSIG;
  static constexpr std::size_t kLimits = RLIMIT_NLIMITS;
  static constexpr std::array kLocales = {LC_CTYPE,   LC_NUMERIC,  LC_TIME,
                                          LC_COLLATE, LC_MONETARY, LC_MESSAGES};

  // Which file a descriptor stands for.
  struct File {
    bool open = false;
    base::Descriptor copy;  // none where descriptors have run out
    dev_t device = 0;
    ino_t inode = 0;
  };
  class Comparison;

  ProcessState() = default;
  static File identify(int descriptor);
  static File identify_folder();

  sigset_t mask_{};
  stack_t alternate_stack_{};
  locale_t thread_locale_ = nullptr;
  base::FloatingMode floating_mode_;
  std::optional<mode_t> umask_;  // nothing: /proc does not tell
  File folder_;
  std::array<File, 3> streams_;
  std::array<std::string, kLocales.size()> locales_;
  std::locale streams_locale_;                      // std::locale::global()
  std::map<std::string, std::size_t> environment_;  // hashes of the values
  std::array<rlimit, kLimits> limits_{};
  std::array<struct sigaction, kSignals> actions_{};
};

}  // namespace berth::plugin
