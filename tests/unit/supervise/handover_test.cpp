// What a supervisor leaves to the program that takes its place.
#include "supervise/handover.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace berth::supervise {
namespace {

using namespace std::chrono_literals;

base::Descriptor file_of(const std::string& text) {
  base::Descriptor file(::memfd_create("test", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  return file;
}

std::string text_of(const base::Descriptor& file) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  return {bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

base::Descriptor a_socket() { return base::Descriptor(::socket(AF_UNIX, SOCK_STREAM, 0)); }

// A process that waits to be killed, which whoever owns it last does.
Host a_host(base::Descriptor link) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return Host::adopt(pid, std::move(link));
}

TEST(HandoverTest, EverythingArrivesAsItWas) {
  net::SocketPlan plan;
  plan.stop = 35s;
  plan.json_log = true;
  plan.standby = true;
  plan.user = "65532:65532:4,27";
  plan.sockets.push_back(
      {.name = "listener/a/:8080", .socket = a_socket(), .path = net::UnixPath()});
  plan.sockets.push_back(
      {.name = "control", .socket = a_socket(), .path = net::UnixPath("/a b\n/c", 17, 4711)});
  std::vector<Host> hosts;
  hosts.push_back(a_host(a_socket()));
  hosts[0].role = Role::kServing;
  hosts[0].ready = true;
  hosts[0].generation = 7;
  hosts[0].stop = 3s;
  hosts[0].started_at = base::TimePoint(123ns);
  hosts.push_back(a_host({}));
  hosts[1].role = Role::kLeaving;
  hosts[1].crashed = true;
  hosts[1].accepts = true;
  hosts[1].refused = true;
  hosts[1].kill();
  hosts[1].kill_at = base::TimePoint(456ns);
  const std::array pids{hosts[0].pid(), hosts[1].pid()};

  auto file = write_handover(plan, hosts,
                             {.generation = 7,
                              .refusal = std::string("line 1\nline 2\0cut", 17),
                              .reload_wanted = true,
                              .longest_start = 90s});
  ASSERT_TRUE(file.ok());
  // As exec(2) leaves it: the numbers are open, and nobody here owns them.
  const std::array numbers{plan.sockets[0].socket.release(), plan.sockets[1].socket.release()};
  const int link = ::fcntl(hosts[0].link(), F_DUPFD_CLOEXEC, 100);
  std::string text = text_of(*file);
  const std::string old_link = std::to_string(hosts[0].link());
  const std::size_t at = text.find(std::to_string(pids[0]) + '\0' + old_link + '\0');
  ASSERT_NE(at, std::string::npos);
  text.replace(at + std::to_string(pids[0]).size() + 1, old_link.size(), std::to_string(link));

  auto handover = read_handover(file_of(text));
  ASSERT_TRUE(handover.ok()) << handover.error().text;
  EXPECT_EQ(handover->known.generation, 7U);
  EXPECT_EQ(handover->known.refusal, "line 1\nline 2");
  EXPECT_TRUE(handover->known.reload_wanted);
  EXPECT_EQ(handover->known.longest_start, 90s);
  EXPECT_EQ(handover->plan.stop, 35s);
  EXPECT_TRUE(handover->plan.json_log);
  EXPECT_TRUE(handover->plan.standby);
  EXPECT_EQ(handover->plan.user, plan.user);
  ASSERT_EQ(handover->plan.sockets.size(), 2U);
  EXPECT_EQ(handover->plan.sockets[0].name, "listener/a/:8080");
  EXPECT_EQ(handover->plan.sockets[0].socket.get(), numbers[0]);
  EXPECT_TRUE(handover->plan.sockets[0].path.empty());
  const net::PlannedSocket& control = handover->plan.sockets[1];
  EXPECT_EQ(control.name, "control");
  EXPECT_EQ(control.socket.get(), numbers[1]);
  EXPECT_NE(::fcntl(control.socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(control.path.path(), "/a b\n/c");
  EXPECT_EQ(control.path.device(), 17U);
  EXPECT_EQ(control.path.inode(), 4711U);
  ASSERT_EQ(handover->hosts.size(), 2U);
  const Host& first = handover->hosts[0];
  EXPECT_EQ(first.pid(), pids[0]);
  EXPECT_EQ(first.link(), link);
  EXPECT_EQ(first.role, Role::kServing);
  EXPECT_TRUE(first.ready);
  EXPECT_FALSE(first.crashed);
  EXPECT_FALSE(first.accepts);
  EXPECT_FALSE(first.refused);
  EXPECT_FALSE(first.killed());
  EXPECT_EQ(first.generation, 7U);
  EXPECT_EQ(first.stop, 3s);
  EXPECT_EQ(first.started_at, base::TimePoint(123ns));
  EXPECT_EQ(first.kill_at, base::TimePoint::max());
  const Host& second = handover->hosts[1];
  EXPECT_EQ(second.pid(), pids[1]);
  EXPECT_EQ(second.link(), -1);
  EXPECT_EQ(second.role, Role::kLeaving);
  EXPECT_TRUE(second.crashed);
  EXPECT_TRUE(second.accepts);
  EXPECT_TRUE(second.refused);
  EXPECT_TRUE(second.killed());
  EXPECT_EQ(second.kill_at, base::TimePoint(456ns));
}

// Each ended by a NUL.
std::string words(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& word : all) text += word + '\0';
  return text;
}

TEST(HandoverTest, WhatIsNoneIsRefused) {
  auto whole = write_handover({}, {}, {.generation = 7});
  ASSERT_TRUE(whole.ok());
  const std::string empty = text_of(*whole);
  EXPECT_EQ(empty, words({"berth handover", "2", "7", "", "0", "0", "0", "0", "0", "end"}));
  EXPECT_TRUE(read_handover(file_of(empty)).ok());
  const std::string head = words({"berth handover", "2", "7", "", "0", "0", "0", "0", "0"});
  const std::string rows[] = {
      "",
      "nonsense",
      empty.substr(0, empty.size() - 1),
      head,
      words({"berth handover", "9", "7", "", "0", "0", "0", "0", "0", "end"}),
      // Process 1, and one that is no number.
      head + words({"host", "1", "-1", "0", "1", "0", "0", "0", "0", "1", "1", "1", "1", "end"}),
      head + words({"host", "x", "-1", "0", "1", "0", "0", "0", "0", "1", "1", "1", "1", "end"}),
      // A role that there is not.
      head + words({"host", "99999999", "-1", "4", "1", "0", "0", "0", "0", "1", "1", "1", "1",
                    "end"}),
      // A descriptor that is not open, and one that is nobody's to hand over.
      head + words({"socket", "999", "a", "", "0", "0", "end"}),
      head + words({"socket", "1", "a", "", "0", "0", "end"}),
  };
  for (const std::string& row : rows) {
    EXPECT_FALSE(read_handover(file_of(row)).ok()) << testing::PrintToString(row);
  }
}

}  // namespace
}  // namespace berth::supervise
