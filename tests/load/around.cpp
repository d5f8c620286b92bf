#include "load/around.h"

#include <sys/epoll.h>

#include <array>

namespace berth::load {

Around::Around(std::uint16_t port, bool spin)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), port_(port), wait_(spin ? 0 : 1) {}

void Around::turn() {
  std::array<epoll_event, 512> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(wait_.count()));
  for (int i = 0; i < count; ++i) {
    static_cast<Ready*>(events[static_cast<std::size_t>(i)].data.ptr)->on_ready(Clock::now());
  }
  const Clock::time_point now = Clock::now();
  while (!timers_.empty() && timers_.top().when <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (timer.number == timer.who->timer_) timer.who->on_due(now);
  }
}

bool Around::add(const base::Descriptor& socket, Ready& who) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &who;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) == 0;
}

void Around::want_writable(const base::Descriptor& socket, Ready& who, bool wanted) const {
  epoll_event event{};
  event.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &who;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket.get(), &event);
}

void Around::call_at(Clock::time_point when, Ready& who) {
  who.timer_ = ++last_timer_;
  timers_.push({when, &who, last_timer_});
}

}  // namespace berth::load
