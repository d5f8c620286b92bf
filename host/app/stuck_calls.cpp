#include "app/stuck_calls.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/thread_use.h"
#include "observe/crash_report.h"
#include "observe/line_buffer.h"

namespace berth::app {

namespace {

using observe::CrashRecord;

std::string_view words_of(char state) noexcept {
  switch (state) {
    case 'R':
      return "runs";
    case 'S':
      return "waits";
    case 'D':
      return "waits in the kernel";
    case 'T':
    case 't':
      return "is stopped";
    default:
      return "is not known";
  }
}

// Through the caller of the outermost frame that is a plugin's; all where none is.
std::size_t frames_of_interest(const CrashRecord& record) noexcept {
  std::size_t end = record.frames_there();
  while (end > 0) {
    const observe::CrashImage* const image = record.image_of(record.frames[end - 1]);
    if (image != nullptr && !image->build_id.empty()) return end + 1;
    --end;
  }
  return record.frames_there();
}

class LoggedLines final : public observe::CrashLines {
 public:
  LoggedLines(observe::Log& log, pid_t thread) noexcept : log_(log), thread_(thread) {}
  void line(std::string_view text) noexcept override {
    try {
      const std::string readable = observe::readable_report(text);
      std::string_view frame = readable;
      frame.remove_prefix(std::min(frame.find_first_not_of(' '), frame.size()));
      frame.remove_suffix(frame.ends_with('\n') ? 1 : 0);
      log_.warn("where it stands", {{"thread", thread_}, {"frame", frame}});
    } catch (const std::bad_alloc&) {  // one line less
    }
  }

 private:
  observe::Log& log_;
  const pid_t thread_;
};

}  // namespace

StuckCalls::StuckCalls(const sched::Pool& pool, observe::Log& log) : pool_(pool), log_(log) {}

base::Status<> StuckCalls::start() {
  auto probe = ThreadProbe::install();
  if (!probe) return base::fail(std::move(probe).error());
  probe_ = std::move(probe).value();
  return base::done();
}

void StuckCalls::look(base::TimePoint now) {
  if (const auto late = watch_.look(pool_.calls(), now)) tell(*late);
  publish();
}

std::vector<StuckCall> StuckCalls::now() const {
  const base::MutexLock lock(mutex_);
  return now_;
}

bool StuckCalls::still_inside(const sched::CallSight& call) const {
  const auto calls = pool_.calls();
  return std::any_of(calls.begin(), calls.end(), [&call](const sched::CallSight& each) {
    return each.worker == call.worker && each.call == call.call && each.thread == call.thread;
  });
}

void StuckCalls::tell(const sched::CallWatch::Late& late) {
  const sched::CallSight& call = late.call;
  const auto use = base::thread_use(call.thread);
  const char state = use ? use->state : '\0';
  const CrashRecord* const record =
      probe_ ? probe_->ask(call.thread, base::limits::kStuckAnswer) : nullptr;
  // What it told may be of the next call: it is of this one if that has not returned by now.
  if (!still_inside(call)) return;
  told_.push_back({.worker = call.worker, .call = call.call, .what = {}});
  if (record != nullptr) {
    told_.back().what.plugin = record->plugin.view();
    told_.back().what.route = record->route.view();
    told_.back().what.request_id = record->request_id.view();
  }
  log_call(late, record, state);
  if (record != nullptr) log_stack(*record, call.thread);
}

void StuckCalls::log_call(const sched::CallWatch::Late& late, const CrashRecord* record,
                          char state) {
  std::vector<observe::Field> fields;
  const auto add = [&fields](std::string_view key, std::string_view value) {
    if (!value.empty()) fields.emplace_back(key, value);
  };
  if (record != nullptr) {
    add("plugin", record->plugin.view());
    add("version", record->version.view());
    if (record->generation != 0) fields.emplace_back("generation", record->generation);
    add("route", record->route.view());
    add("method", record->method.view());
    add("target", record->target.view());
    add("request_id", record->request_id.view());
  }
  fields.emplace_back("age_seconds", late.age);
  fields.emplace_back("cpu_seconds", late.cpu);
  fields.emplace_back("state", words_of(state));
  fields.emplace_back("thread", late.call.thread);
  if (record == nullptr) add("stack", "the thread does not answer");
  log_.write(observe::Level::kWarn, "a handler does not return", fields);
}

void StuckCalls::log_stack(const CrashRecord& record, pid_t thread) {
  observe::LineBuffer line;
  LoggedLines lines(log_, thread);
  observe::format_frames(record, frames_of_interest(record), symbols_, line, lines);
}

void StuckCalls::publish() {
  std::vector<StuckCall> now;
  std::vector<Told> told;
  for (const sched::CallWatch::Late& late : watch_.told()) {
    const auto known = std::find_if(told_.begin(), told_.end(), [&late](const Told& each) {
      return each.worker == late.call.worker && each.call == late.call.call;
    });
    if (known == told_.end()) continue;  // it had returned when it was to be told
    now.push_back(known->what);
    now.back().thread = late.call.thread;
    now.back().age = late.age;
    told.push_back(std::move(*known));
  }
  told_ = std::move(told);
  const base::MutexLock lock(mutex_);
  now_ = std::move(now);
}

}  // namespace berth::app
