#include "reload/load/crowd.h"

namespace berth::reload {

Crowd::Crowd(Kind& kind, Around& around) : around_(around) {
  for (std::size_t i = 0; i < kind.clients; ++i) {
    clients_.push_back(std::make_unique<Client>(kind, around));
    free_.push_back(clients_.back().get());
  }
}

void Crowd::start(std::uint64_t rate) {
  constexpr std::uint64_t kSeconds = 100'000;  // longer than any run
  const Clock::time_point now = Clock::now();
  schedule_.reset();
  if (rate > 0) {
    // Those that went on by themselves are free once they have their answer.
    for (const auto& client : clients_) {
      client->on_ended([this](Client& ended) { free_.push_back(&ended); });
    }
    schedule_.emplace(now, rate, rate * kSeconds);
    return;
  }
  for (Client* const client : free_) client->start(now);
  free_.clear();
}

void Crowd::advance(Clock::time_point now) {
  if (!schedule_ || around_.ending) return;
  while (!free_.empty() && schedule_->is_due(now)) {
    Client* const client = free_.back();
    free_.pop_back();
    client->start(schedule_->take());
  }
}

void Crowd::give_up() {
  for (const auto& client : clients_) client->give_up();
}

void Crowd::expire() {
  for (const auto& client : clients_) client->expire();
}

void Crowd::on_answered(const Client::Answered& answered) {
  for (const auto& client : clients_) client->on_answered(answered);
}

}  // namespace berth::reload
