#include "observe/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "unit/observe/log_fixture.h"

namespace berth::observe {
namespace {

using namespace std::chrono_literals;
using testing::kPlenty;

class LineWriterTest : public testing::FolderTest {
 protected:
  std::unique_ptr<LineWriter> open(LineWriterOptions options) {
    auto writer = LineWriter::open(std::move(options), clock_);
    EXPECT_TRUE(writer.ok()) << writer.error().text;
    return writer ? std::move(*writer) : nullptr;
  }
  std::unique_ptr<LineWriter> open_file(const std::string& name) {
    return open({.output = path(name)});
  }
  // A FIFO that is full, and its reader, which reads nothing yet. filled_: bytes in it.
  base::Descriptor stuck_reader(const std::string& name) {
    EXPECT_EQ(::mkfifo(path(name).c_str(), 0600), 0);
    base::Descriptor reader(::open(path(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const base::Descriptor writer(::open(path(name).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    const std::string page(4096, 'p');
    for (ssize_t put = 0; put >= 0; put = ::write(writer.get(), page.data(), page.size())) {
      filled_ += static_cast<std::size_t>(put);
    }
    EXPECT_EQ(errno, EAGAIN);
    return reader;
  }
  std::size_t filled_ = 0;
};

TEST_F(LineWriterTest, WritesWhatItIsGivenInOrder) {
  const auto writer = open_file("log");
  EXPECT_TRUE(writer->put("one\n"));
  EXPECT_TRUE(writer->put("two\n"));
  EXPECT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(content(path("log")), "one\ntwo\n");
  EXPECT_EQ(writer->lost(), 0U);
}

TEST_F(LineWriterTest, AppendsToWhatIsThere) {
  open_file("log")->put("old\n");
  open_file("log")->put("new\n");
  EXPECT_EQ(content(path("log")), "old\nnew\n");
}

TEST_F(LineWriterTest, ATruncatedFileGoesOnAtItsStart) {
  const auto writer = open_file("log");
  writer->put("before copytruncate\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  ASSERT_EQ(::truncate(path("log").c_str(), 0), 0);
  writer->put("after\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(content(path("log")), "after\n");
}

TEST_F(LineWriterTest, ReopenFollowsALogrotate) {
  const auto writer = open_file("log");
  writer->put("first\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  std::filesystem::rename(path("log"), path("log.1"));
  writer->put("still the old file\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  ASSERT_TRUE(writer->reopen().ok());
  writer->put("new file\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(content(path("log.1")), "first\nstill the old file\n");
  EXPECT_EQ(content(path("log")), "new file\n");
}

TEST_F(LineWriterTest, AFailedReopenKeepsTheOldFile) {
  std::filesystem::create_directory(path("folder"));
  const auto writer = open_file("folder/log");
  std::filesystem::rename(path("folder"), path("moved"));
  const auto reopened = writer->reopen();
  ASSERT_FALSE(reopened.ok());
  EXPECT_EQ(reopened.error().code, base::ErrorCode::kNotFound);
  writer->put("kept\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(content(path("moved/log")), "kept\n");
}

TEST_F(LineWriterTest, AFileThatCannotBeOpenedIsNamed) {
  const auto writer = LineWriter::open({.output = path("missing/log")}, clock_);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().text,
            "cannot log to " + path("missing/log") + ": No such file or directory");
}

TEST_F(LineWriterTest, LinesOfManyThreadsComeWholeAndInEachThreadsOrder) {
  constexpr int kThreads = 4;
  constexpr int kLines = 2000;
  const auto writer = open({.output = path("log"), .ring_bytes = 256 * std::size_t{1024}});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&writer, t] {
      writer->prepare_thread();
      for (int n = 0; n < kLines; ++n) {
        writer->put(std::to_string(t) + " " + std::to_string(n) + "\n");
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(writer->flush(kPlenty));
  ASSERT_EQ(writer->lost(), 0U);
  std::istringstream lines(content(path("log")));
  std::map<int, int> next;
  int thread = 0;
  int number = 0;
  while (lines >> thread >> number) EXPECT_EQ(number, next[thread]++);
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(next[t], kLines);
}

TEST_F(LineWriterTest, ThreadsThatEndedLeaveTheirLines) {
  const auto writer = open_file("log");
  for (int i = 0; i < 50; ++i) std::thread([&writer] { writer->put("line\n"); }).join();
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(content(path("log")).size(), 50U * 5);
}

TEST_F(LineWriterTest, AWriterAtTheAddressOfAnOlderOneGetsItsOwnLines) {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "log" + std::to_string(i);
    open_file(name)->put(name + "\n");
    EXPECT_EQ(content(path(name)), name + "\n");
  }
}

TEST_F(LineWriterTest, AStuckReaderCostsLinesAndNotTime) {
  const base::Descriptor reader = stuck_reader("fifo");
  std::mutex mutex;
  std::vector<LossReport> reports;
  const auto writer = open({.output = path("fifo"),
                            .ring_bytes = 16 * std::size_t{1024},
                            .on_loss = [&](const LossReport& report) {
                              const std::lock_guard lock(mutex);
                              reports.push_back(report);
                            }});
  const std::string line = std::string(1023, 'x') + "\n";
  std::uint64_t refused = 0;
  for (int i = 0; i < 1000; ++i) refused += writer->put(line) ? 0U : 1U;
  // The writer holds one ring's bytes, the ring as many.
  EXPECT_GE(refused, 1000U - 32);
  EXPECT_EQ(writer->lost(), refused);
  EXPECT_FALSE(writer->flush(1ms));

  // The reader wakes up: what was taken comes out whole, and the loss is told.
  std::size_t bytes = 0;
  std::vector<char> buffer(64 * std::size_t{1024});
  while (bytes < filled_ + (1000 - refused) * line.size()) {
    const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
    if (got > 0) bytes += static_cast<std::size_t>(got);
  }
  ASSERT_TRUE(writer->flush(kPlenty));
  ASSERT_TRUE(writer->flush(kPlenty));
  const std::lock_guard lock(mutex);
  ASSERT_FALSE(reports.empty());
  std::uint64_t told = 0;
  for (const LossReport& report : reports) told += report.ring_full;
  EXPECT_GT(told, 0U);
  EXPECT_LE(told, refused);
}

TEST_F(LineWriterTest, StopIsBoundedWhenTheOutputIsStuck) {
  const base::Descriptor reader = stuck_reader("fifo");
  const auto writer = open({.output = path("fifo")});
  const std::string line = std::string(1023, 'x') + "\n";
  while (writer->lost() == 0) writer->put(line);
  EXPECT_FALSE(writer->stop(1ms));
  EXPECT_FALSE(writer->stop(kPlenty));  // the answer stays, at once
  EXPECT_FALSE(writer->put(line));
  EXPECT_GT(writer->lost(), 1U);
}

TEST_F(LineWriterTest, AReaderThatLeftCostsLinesAndNoSignal) {
  base::Descriptor reader = stuck_reader("fifo");
  const auto writer = open({.output = path("fifo")});
  reader.reset();
  writer->put("lost\n");
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(writer->lost(), 1U);
}

TEST_F(LineWriterTest, AFullDiskIsReportedOnceAMinute) {
  std::atomic<int> reports{0};
  std::atomic<std::uint64_t> lines{0};
  std::atomic<int> error{0};
  const auto writer = open({.output = "/dev/full", .on_loss = [&](const LossReport& report) {
                              reports.fetch_add(1);
                              lines.fetch_add(report.not_written);
                              error.store(report.error);
                            }});
  const auto lose = [&](std::uint64_t total) {
    writer->put("one\n");
    ASSERT_TRUE(writer->flush(kPlenty));  // written, that is: lost
    EXPECT_EQ(writer->lost(), total);
    ASSERT_TRUE(writer->flush(kPlenty));  // and reported if that is due
  };
  lose(1);
  EXPECT_EQ(reports.load(), 1);
  EXPECT_EQ(error.load(), ENOSPC);
  lose(2);
  clock_.advance(59s);
  lose(3);
  EXPECT_EQ(reports.load(), 1);
  clock_.advance(1s);
  lose(4);
  EXPECT_EQ(reports.load(), 2);
  lose(5);
  EXPECT_TRUE(writer->stop(kPlenty));
  EXPECT_EQ(reports.load(), 3);  // the last ones are told at the end
  EXPECT_EQ(lines.load(), 5U);
}

TEST_F(LineWriterTest, StopWritesWhatIsLeftAndRefusesWhatComesLater) {
  const auto writer = open_file("log");
  for (int i = 0; i < 1000; ++i) writer->put("line\n");
  EXPECT_TRUE(writer->stop(kPlenty));
  EXPECT_TRUE(writer->stop(kPlenty));
  EXPECT_EQ(content(path("log")).size(), 5000U);
  EXPECT_FALSE(writer->put("late\n"));
  EXPECT_EQ(writer->lost(), 1U);
}

TEST_F(LineWriterTest, ALineLongerThanARingIsLost) {
  const auto writer = open({.output = path("log"), .ring_bytes = 64});
  EXPECT_FALSE(writer->put(std::string(64, 'x') + "\n"));
  EXPECT_EQ(writer->lost(), 1U);
}

TEST_F(LineWriterTest, AThreadPastItsThreadLocalsLosesTheLineOnly) {
  // Destroyed after the writer's own thread_local, which is made later.
  struct LateLogger {
    LineWriter* writer = nullptr;
    std::atomic<int>* refused = nullptr;
    ~LateLogger() {
      if (writer != nullptr && !writer->put("too late\n")) refused->fetch_add(1);
    }
  };
  const auto writer = open_file("log");
  std::atomic<int> refused{0};
  std::thread([&] {
    thread_local LateLogger late;
    late.writer = writer.get();
    late.refused = &refused;
    writer->put("in time\n");
  }).join();
  ASSERT_TRUE(writer->flush(kPlenty));
  EXPECT_EQ(refused.load(), 1);
  EXPECT_EQ(content(path("log")), "in time\n");
}

}  // namespace
}  // namespace berth::observe
