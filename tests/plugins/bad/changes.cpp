// Changes what all of the process shares: some of it while it is loaded, more when it is made and
// started, and the state of its thread while it serves.
#include <berth/plugin.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <locale>
#include <string>

namespace {

const bool done = [] {
  (void)::umask(0);
  (void)std::fesetround(FE_UPWARD);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  (void)::waitpid(child, nullptr, 0);
  return true;
}();

void handle(int) {}

struct Grouped : std::numpunct<char> {
  std::string do_grouping() const override { return "\3"; }
};

void start(const berth::Config&, berth::Phase) {
  (void)!::chdir("/");
  (void)std::setlocale(LC_NUMERIC, "C.UTF-8");
  (void)std::locale::global(std::locale(std::locale(), new Grouped));
  (void)std::signal(SIGSEGV, SIG_DFL);
  (void)std::signal(SIGCHLD, SIG_IGN);
  (void)std::signal(SIGUSR2, handle);
  (void)::setenv("BERTH_TEST_NEW", "secret", 1);
  (void)::unsetenv("BERTH_TEST_OLD");
  rlimit limit{};
  (void)::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = 4711;
  (void)::setrlimit(RLIMIT_CORE, &limit);
  (void)::close(STDIN_FILENO);
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  (void)::sigaltstack(&none, nullptr);
  sigset_t all;
  (void)::sigemptyset(&all);
  (void)::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

void stop() { (void)std::signal(SIGUSR2, SIG_DFL); }

// Answers with what it found, and leaves it otherwise.
class Changes : public berth::Handler {
 public:
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    sigset_t mask;
    (void)::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    response.write(std::string(::sigismember(&mask, SIGTERM) == 1 ? "blocked\n" : "open\n"));
    if (request.method() == "GET") {
      // As libraries do around what is not to be interrupted.
      sigset_t before;
      (void)::sigemptyset(&mask);
      (void)::pthread_sigmask(SIG_SETMASK, &mask, &before);
      (void)::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      return;
    }
    (void)::sigemptyset(&mask);
    (void)::sigaddset(&mask, SIGSEGV);
    (void)::sigprocmask(SIG_SETMASK, &mask, nullptr);
  }
};

}  // namespace

BERTH_PLUGIN(berth::handler<Changes>("changes"), berth::on_start(start), berth::on_stop(stop));
