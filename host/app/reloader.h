// The control thread of a server: builds the next generation beside the serving one, swaps them,
// and sees the old ones out. Whatever asks for a reload asks here; it opens no socket.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/control.h"
#include "app/departures.h"
#include "app/generation.h"
#include "app/generation_source.h"
#include "app/probe_starter.h"
#include "app/retirement.h"
#include "app/server.h"
#include "base/clock.h"
#include "config/configuration.h"
#include "config/environment.h"
#include "config/recorded_files.h"
#include "observe/log.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"

namespace berth::app {

class CrashLedger;
class GenerationDraft;
class GenerationStore;
class Succession;

// What it works with; all of it outlives it.
struct ReloaderParts {
  Server& server;
  observe::Log& log;
  const base::Clock& clock;
  const plugin::LoadContext& context;
  plugin::LogSink& sink;
  const config::Environment& environment;
  // Where generations are kept; null: nowhere, so there is no way back.
  GenerationStore* store = nullptr;
  // What is remembered of crashes; null: nothing.
  const CrashLedger* crashes = nullptr;
  // Called on the control thread after each reading of the files, for whoever watches them: what
  // was read, and the configuration it gave, else the one that serves. Empty: nobody does.
  std::function<void(const config::Recording&, const config::Configuration&)> on_read = {};
  // Called on the control thread when a reload or rollback, no dry run, begins and has ended.
  // Empty: nobody wants to know.
  std::function<void()> on_begin = {};
  std::function<void(const ReloadReport&)> on_end = {};
  pid_t supervisor = 0;  // for the status; 0: there is none
  Succession& succession;
  // Makes the process stop, as SIGTERM does. Any thread.
  std::function<void(const std::string& asked_by)> request_stop;
};

// The generation a server starts with, and where it is from.
struct FirstGeneration {
  std::unique_ptr<Generation> generation;
  config::Recording recording;
  // Why it is an older one (--last-good); empty: it is what the files say.
  std::string last_good_because;
  // What was loaded for tries before it that failed: stopped, and to be let go of.
  std::vector<Generation::Released> left;
  // When it was made, in seconds since the epoch: it is kept already, and served before. 0: it is
  // new.
  std::int64_t kept_since = 0;
};

// REQUIRES: the plugins of the first one are started.
//
//   first  --start()-->  serving  --reload()-->  serving, and one more on its way out
//
// Made, started and ended by one thread; Control's calls come from any.
class Reloader final : public Control {
 public:
  Reloader(ReloaderParts parts, FirstGeneration first);
  ~Reloader() override;

  // Gives it its thread; error: the system has none. REQUIRES: the server has started.
  [[nodiscard]] base::Status<> start();
  // The server is about to stop: a reload that runs is given up, whoever waits hears so, and no
  // other begins; plugins hear that they will be stopped. Returns at once.
  void begin_stop();
  // Behind that: its thread has ended; false: it is still inside a plugin at the deadline, and the
  // process can only be left by _exit().
  [[nodiscard]] bool end(base::TimePoint deadline);
  // After the server has ended: stops every plugin. False: a thread or task of one still runs, so
  // likewise. REQUIRES: end(), and no thread is inside a handler.
  [[nodiscard]] bool stop_plugins() noexcept;

  // Of the generation that serves now.
  [[nodiscard]] config::Timeouts timeouts();
  [[nodiscard]] config::OnCrash on_crash();
  [[nodiscard]] config::Recycle recycle();
  // That have not left the process for seconds. Any thread.
  [[nodiscard]] std::size_t retired_images() const;

  // Control
  [[nodiscard]] ReloadReport reload(const ReloadRequest& request) override;
  [[nodiscard]] ReloadReport roll_back(std::optional<std::uint64_t> to,
                                       const ReloadRequest& request) override;
  [[nodiscard]] ServerStatus status() override;
  [[nodiscard]] std::vector<GenerationInfo> generations() override;
  [[nodiscard]] base::Result<std::vector<Hold>> why(std::uint64_t generation) override;
  [[nodiscard]] base::Status<> pin(const std::string& alias) override;
  [[nodiscard]] base::Status<> unpin(const std::string& alias) override;
  [[nodiscard]] base::Result<ReloadReport> release(const std::string& alias,
                                                   const ReloadRequest& request) override;
  [[nodiscard]] base::Result<std::string> upgrade() override;
  void stop(const std::string& asked_by) override;

  // As reload(), for who does not wait for it.
  void request_reload(std::string asked_by);

 private:
  struct Job {
    bool rolls_back = false;
    std::optional<std::uint64_t> to;  // of a rollback
    ReloadRequest request;
    std::vector<std::promise<ReloadReport>> callers;
  };
  struct Unserved {
    std::vector<Generation::Released> plugins;
    std::uint64_t generation;
  };
  void run();
  [[nodiscard]] std::future<ReloadReport> enqueue(Job job);
  [[nodiscard]] ReloadReport refused(const ReloadRequest& request, std::string why);
  [[nodiscard]] ReloadReport perform(const Job& job);
  // Has the process that starts probes wait, if any plugin is to be probed.
  void prepare_probe();
  [[nodiscard]] base::Result<GenerationSource, std::string> read_source(const Job& job,
                                                                        ReloadReport& report);
  // What would become of plugins and routes.
  static void plan(const Generation& running, const GenerationDraft& draft, ReloadReport& report);
  [[nodiscard]] ReloadReport build_and_swap(const Job& job, GenerationSource source,
                                            ReloadReport report);
  // Plugins that were loaded and never served from: stopped together, then on their way out.
  void let_go(Unserved unserved);
  void swap(std::unique_ptr<Generation> next, config::Recording recording);
  void keep(Generation& generation, const config::Recording& recording);
  void tell(const Job& job, const ReloadReport& report);
  // What is due about generations on their way out; when to look again.
  [[nodiscard]] base::TimePoint look_after_the_old();
  [[nodiscard]] bool stopping() const;

  ReloaderParts parts_;
  Departures departures_;  // the control thread's
  // Its, too: not used any more but by whoever still asks why().
  std::vector<std::shared_ptr<Retirement>> gone_;
  std::vector<Generation::Released> left_;   // by the start; the control thread's
  std::vector<Unserved> unserved_;           // with a task that has not ended; its, too
  ProbeStarter probes_{parts_.environment};  // the control thread's
  std::string wrong_;  // the control thread's: with what the job at hand asks for, in a line

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  bool ended_ = false;  // its thread does nothing any more
  std::uint64_t last_number_ = 0;
  std::shared_ptr<Generation> serving_;
  config::Recording recording_;  // of the serving one
  std::vector<std::shared_ptr<Retirement>> retiring_;
  std::string last_good_because_;
  std::string last_refused_;
  std::uint64_t reloads_ = 0;
  std::uint64_t reloads_refused_ = 0;
  std::map<std::uint64_t, std::int64_t> made_at_;  // seconds since the epoch, by generation

  std::thread thread_;
  const std::int64_t started_at_;
  const bool first_is_kept_;
};

}  // namespace berth::app
