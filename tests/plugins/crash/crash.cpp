// A plugin that crashes in every way there is: `how` says in which, the kind says where.
#undef NDEBUG  // a release build has none of its own

#include <berth/plugin.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

using namespace std::chrono_literals;

// What the compiler cannot see through.
template <class T>
T unknown(T value) {
  volatile T hidden = value;
  return hidden;
}

void null_write() { *unknown<volatile int*>(nullptr) = 1; }

void wild_read() {
  // Inside the addresses of programs, where nothing is ever mapped.
  (void)*reinterpret_cast<volatile char*>(unknown<std::uintptr_t>(0x10000));
}

void no_address() {
  (void)*reinterpret_cast<volatile char*>(unknown<std::uintptr_t>(0x4141414141414141));
}

void breakpoint() {
#if defined(__x86_64__)
  asm volatile("int3");
#else
  asm volatile("brk #0");
#endif
}

int overflow(int depth) {
  std::array<char, 512> room{};
  room[0] = static_cast<char>(unknown(depth));
  const char* const kept = unknown(room.data());
  return unknown(depth) < 0 ? depth : overflow(depth + 1) + kept[0];
}

void divide() { (void)unknown(unknown(7) / unknown(0)); }

void failed_assert() { assert(unknown(41) == 42); }

void throws() { throw std::runtime_error("nobody catches me"); }
void uncaught() noexcept { throws(); }

void wild_call() { reinterpret_cast<void (*)()>(unknown<std::uintptr_t>(0x20))(); }

void free_twice() {
  void* const memory = unknown(std::malloc(100));
  std::free(memory);
  std::free(unknown(memory));
}

// The word that the allocator keeps in front of a piece is overwritten, as by an overrun.
void overrun() {
  char* const piece = static_cast<char*>(unknown(std::malloc(5000)));
  *reinterpret_cast<volatile std::size_t*>(piece - sizeof(std::size_t)) = 0x4141414141414141;
  std::free(piece);
}

void blocks_all_and_crashes() {
  sigset_t all;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_BLOCK, &all, nullptr);
  null_write();
}

void kill_itself() { (void)::kill(::getpid(), SIGSEGV); }

// Whether the child has ended as one is to that returned from the code it was forked in.
void expect_end_of(pid_t child) {
  int status = 0;
  assert(::waitpid(child, &status, 0) == child);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

void fork_and_return() {
  if (const pid_t child = ::fork(); child != 0) expect_end_of(child);
}

void fork_and_end_thread() {
  const pid_t child = ::fork();
  if (child == 0) ::pthread_exit(nullptr);
  expect_end_of(child);
}

void in_own_thread(void (*crash)()) { std::thread(crash).join(); }

const std::map<std::string, std::function<void()>, std::less<>>& ways() {
  static const std::map<std::string, std::function<void()>, std::less<>> all = {
      {"null", null_write},
      {"wild", wild_read},
      {"noncanonical", no_address},
      {"overflow", [] { (void)unknown(overflow(0)); }},
      {"divide", divide},
      {"illegal", [] { __builtin_trap(); }},
      {"breakpoint", breakpoint},
      {"abort", [] { std::abort(); }},
      {"assert", failed_assert},
      {"terminate", uncaught},
      {"call", wild_call},
      {"free_twice", free_twice},
      {"overrun", overrun},
      {"thread", [] { in_own_thread(null_write); }},
      {"thread_throws", [] { in_own_thread([] { throw std::logic_error("in a thread"); }); }},
      {"task", [] { (void)berth::background("crasher", [](berth::StopToken) { null_write(); }); }},
      {"timer", [] { (void)berth::after(1ms, null_write); }},
      {"exit", [] { std::exit(3); }},
      {"underscore_exit", [] { ::_exit(4); }},
      {"big_exit", [] { std::_Exit(5); }},
      {"quick_exit", [] { std::quick_exit(6); }},
      {"exit_and_crash",
       [] {
         std::atexit([] { in_own_thread(null_write); });
         std::exit(8);
       }},
      {"thread_blocks_all", [] { in_own_thread(blocks_all_and_crashes); }},
      {"thread_kill", [] { in_own_thread(kill_itself); }},
      {"kill", kill_itself},
      {"raise", [] { (void)::raise(SIGSEGV); }},
      {"fork_exit",
       [] {
         if (::fork() == 0) ::_exit(7);
       }},
      {"fork", [] { (void)::fork(); }},
      {"fork_twice",
       [] {
         if (::fork() == 0) (void)::fork();
       }},
      {"kill_parent", [] { (void)::kill(::getppid(), SIGKILL); }},
      {"stop_parent", [] { (void)::kill(::getppid(), SIGSTOP); }},
      {"thread_fork", [] { in_own_thread(fork_and_return); }},
      {"thread_fork_exit", [] { in_own_thread(fork_and_end_thread); }},
  };
  return all;
}

void crash(std::string_view how) {
  const auto found = ways().find(how);
  if (found != ways().end()) found->second();
}

std::string how_of(const berth::Request& request) {
  return std::string(request.path_value("how").value_or(""));
}

class Now : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string how = how_of(request);
    if (how == "given") {
      const auto wild = unknown<std::uintptr_t>(0x10000);
      response.write(std::string_view(reinterpret_cast<const char*>(wild), 1000));
    }
    crash(how);
    response.write("still here\n");
  }
};

class Made : public berth::Handler {
 public:
  explicit Made(const berth::Config& config) { crash(config.get<std::string>("how")); }
  void serve(berth::ResponseWriter&, berth::Request&) override {}
};

// Names the process that answers, and crashes nothing.
class Who : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request&) override {
    response.write("process " + std::to_string(::getpid()) + "\n");
  }
};

// In the middle of an answer that has no end.
class Stream : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const auto flusher = response.as<berth::Flusher>();
    response.write("begun\n");
    flusher->flush();
    crash(how_of(request));
  }
};

// Behind the body.
class Body : public berth::Handler {
  void serve(berth::ResponseWriter&, berth::Request& request) override {
    std::array<char, 100> buffer;
    while (request.read(buffer) > 0) {
    }
    crash(how_of(request));
  }
};

// Behind a line of the client.
class Line : public berth::Handler {
  void serve(berth::ResponseWriter& response, berth::Request& request) override {
    const std::string how = how_of(request);
    berth::Connection connection = response.as<berth::Hijacker>()->hijack();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 10s);
    std::array<char, 100> buffer;
    if (connection.read(buffer, -1ms) > 0) crash(how);
  }
};

// Before next(), or behind it.
class Around : public berth::Middleware {
 public:
  explicit Around(const berth::Config& config) : before_(config.get<bool>("before", false)) {}
  void serve(berth::ResponseWriter& response, berth::Request& request, berth::Next& next) override {
    const std::string how(request.header("How").value_or(""));
    if (before_) crash(how);
    next();
    if (!before_) crash(how);
    (void)response;
  }

 private:
  const bool before_;
};

void started(const berth::Config& config, berth::Phase) {
  crash(config.get<std::string>("start", ""));
}

}  // namespace

BERTH_PLUGIN(berth::handler<Now>("now"), berth::handler<Made>("made"),
             berth::handler<Stream>("stream"), berth::handler<Line>("line"),
             berth::handler<Who>("who"), berth::handler<Body>("body"),
             berth::middleware<Around>("around"), berth::on_start(started));
