#include "supervise/host_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "net/wait.h"

namespace berth::supervise {
namespace {

std::array<base::Descriptor, 2> make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return {base::Descriptor(ends[0]), base::Descriptor(ends[1])};
}

// All that comes until every writer has ended.
std::string read_all(const base::Descriptor& pipe) {
  std::string text;
  std::array<char, 4096> bytes{};
  for (ssize_t got = 0; (got = ::read(pipe.get(), bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return text;
}

SpawnOptions shell(const std::string& script) {
  return {.program = "/bin/sh", .arguments = {"sh", "-c", script}, .environment = {"PATH=/bin"}};
}

HostProcess started(const SpawnOptions& options) {
  auto process = HostProcess::spawn(options);
  EXPECT_TRUE(process.ok());
  return std::move(*process);
}

ProcessEnd end_of(HostProcess& process) {
  EXPECT_EQ(net::wait_readable(process.descriptor(),
                               base::system_clock().now() + std::chrono::seconds(60)),
            net::WaitResult::kReady);
  const auto end = process.end();
  EXPECT_TRUE(end.has_value());
  return end.value_or(ProcessEnd{});
}

TEST(HostProcessTest, HowItEndedIsTold) {
  const struct {
    const char* script;
    const char* text;
  } rows[] = {
      {"exit 0", "exited with code 0"},
      {"exit 3", "exited with code 3"},
      {"kill -KILL $$", "was killed by SIGKILL"},
      {"kill -TERM $$", "was killed by SIGTERM"},
      {"ulimit -c 0; kill -SEGV $$", "was killed by SIGSEGV"},
  };
  for (const auto& row : rows) {
    HostProcess process = started(shell(row.script));
    EXPECT_EQ(end_of(process).text(), row.text);
    EXPECT_FALSE(process.end().has_value()) << "it is told once";
  }
  EXPECT_EQ((ProcessEnd{.kind = ProcessEnd::Kind::kKilled, .value = SIGKILL, .out_of_memory = true}
                 .text()),
            "was killed by SIGKILL: the system ran out of memory");
  EXPECT_EQ((ProcessEnd{.kind = ProcessEnd::Kind::kKilled, .value = 6, .dumped_core = true}.text()),
            "was killed by SIGABRT (core dumped)");
}

TEST(HostProcessTest, ItHasTheDescriptorsAndVariablesItIsGivenAndNoOther) {
  (void)::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);  // what the test was given
  auto [read_end, write_end] = make_pipe();
  const base::Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const base::Descriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  SpawnOptions options = shell(
      "echo \"$A\" >&4; for i in 3 5; do readlink /proc/self/fd/$i; done >&4;"
      "env | sort | grep -v -e PWD -e _= >&4; ls /proc/self/fd >&4");
  options.environment = {"PATH=/usr/bin:/bin", "A=b c"};
  options.descriptors = {zero.get(), write_end.get(), nothing.get()};
  HostProcess process = started(options);
  EXPECT_EQ(end_of(process).text(), "exited with code 0");
  // Only the child and what it started had the other end.
  write_end.reset();
  const std::string text = read_all(read_end);
  EXPECT_EQ(text, "b c\n/dev/zero\n/dev/null\nA=b c\nPATH=/usr/bin:/bin\n0\n1\n2\n3\n4\n5\n6\n")
      << "6: the folder itself";
}

TEST(HostProcessTest, ADescriptorMayHaveTheNumberThatAnotherIsToGet) {
  auto [read_end, write_end] = make_pipe();
  const base::Descriptor zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  std::vector<int> descriptors{zero.get(), write_end.get()};
  std::sort(descriptors.rbegin(), descriptors.rend());  // the low numbers last
  const int place = descriptors[0] == write_end.get() ? 3 : 4;
  SpawnOptions options =
      shell("readlink /proc/self/fd/" + std::to_string(7 - place) + " >&" + std::to_string(place));
  options.environment = {"PATH=/usr/bin:/bin"};
  options.descriptors = descriptors;
  HostProcess process = started(options);
  EXPECT_EQ(end_of(process).text(), "exited with code 0");
  write_end.reset();
  EXPECT_EQ(read_all(read_end), "/dev/zero\n");
}

TEST(HostProcessTest, SignalsWaitForOneThatHoldsThem) {
  auto [read_end, write_end] = make_pipe();
  // Shells clear the mask.
  SpawnOptions options{.program = "/bin/sed",
                       .arguments = {"sed", "-n", "/SigBlk/w /dev/fd/3", "/proc/self/status"},
                       .environment = {}};
  options.descriptors = {write_end.get()};
  options.holds_signals = true;
  HostProcess process = started(options);
  EXPECT_EQ(end_of(process).text(), "exited with code 0");
  write_end.reset();
  const std::string text = read_all(read_end);
  const auto mask = std::stoull(text.substr(text.find(':') + 1), nullptr, 16);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) {
    EXPECT_NE(mask & (1ULL << (number - 1)), 0U) << number;
  }
  EXPECT_EQ(mask & (1ULL << (SIGSEGV - 1)), 0U);
}

TEST(HostProcessTest, WhatItLeftInItsGroupIsKilled) {
  auto [read_end, write_end] = make_pipe();
  SpawnOptions options = shell("sleep 1000 & exit 5");
  options.descriptors = {write_end.get()};
  HostProcess process = started(options);
  write_end.reset();
  EXPECT_EQ(end_of(process).text(), "exited with code 5");
  EXPECT_EQ(read_all(read_end), "");  // comes to an end: nobody has the other one any more
}

TEST(HostProcessTest, OneThatIsNotWantedAnyMoreIsKilled) {
  auto [read_end, write_end] = make_pipe();
  SpawnOptions options = shell("trap '' TERM; sleep 1000 & sleep 1000");
  options.descriptors = {write_end.get()};
  pid_t pid = -1;
  {
    HostProcess process = started(options);
    write_end.reset();
    pid = process.pid();
    EXPECT_FALSE(process.end().has_value());
  }
  EXPECT_EQ(read_all(read_end), "");
  ASSERT_GT(pid, 1);
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(HostProcessTest, AProgramMayBeAFileThatIsNoLongerThere) {
  const std::string path = testing::TempDir() + "program";
  std::filesystem::copy_file("/bin/sh", path, std::filesystem::copy_options::overwrite_existing);
  // With a number that the child is to have otherwise.
  const base::Descriptor file(::open(path.c_str(), O_PATH | O_CLOEXEC));
  ASSERT_TRUE(file);
  std::filesystem::remove(path);
  auto [read_end, write_end] = make_pipe();
  SpawnOptions options = shell("readlink /proc/$$/exe >&3; exit 7");
  options.program = path;
  options.program_file = file.get();
  options.descriptors.assign(static_cast<std::size_t>(file.get()), write_end.get());
  HostProcess process = started(options);
  write_end.reset();
  EXPECT_EQ(end_of(process).text(), "exited with code 7");
  EXPECT_EQ(read_all(read_end), path + " (deleted)\n");
}

TEST(HostProcessTest, AProgramThatIsNotThereIsTold) {
  const auto process =
      HostProcess::spawn({.program = "/nowhere", .arguments = {"x"}, .environment = {}});
  ASSERT_FALSE(process.ok());
  EXPECT_EQ(process.error().text, "start /nowhere: No such file or directory");
}

}  // namespace
}  // namespace berth::supervise
