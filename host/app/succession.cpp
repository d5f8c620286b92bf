#include "app/succession.h"

#include <utility>

namespace berth::app {

using Kind = base::HostMessage::Kind;

base::Result<std::string> Succession::upgrade() {
  if (!supervisor_.supervised()) {
    return base::fail(base::ErrorCode::kSystem,
                      "this server has no supervisor, which would have to start the next one");
  }
  std::future<base::Result<std::string>> outcome;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return base::fail(base::ErrorCode::kClosed, "the server stops");
    outcome = waiting_.emplace_back().get_future();
    supervisor_.send(Kind::kUpgrade);
  }
  return outcome.get();
}

std::string Succession::standby() const {
  const std::lock_guard lock(mutex_);
  return standby_;
}

bool Succession::ask_to_be_replaced(std::string_view why) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(asked_, true)) return false;
  supervisor_.send(Kind::kReplace, why);
  return true;
}

void Succession::on_replaced(std::string_view by) { settle(std::string(by)); }

void Succession::on_not_replaced(std::string_view why) {
  settle(base::fail(base::ErrorCode::kSystem, std::string(why)));
}

void Succession::on_standby(std::string_view how) {
  const std::lock_guard lock(mutex_);
  standby_ = how;
}

void Succession::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  settle(base::fail(base::ErrorCode::kClosed, "the server stops"));
}

void Succession::settle(const base::Result<std::string>& outcome) {
  const std::lock_guard lock(mutex_);
  asked_ = false;
  for (auto& waiting : waiting_) waiting.set_value(outcome);
  waiting_.clear();
}

}  // namespace berth::app
